"""Calls the function of a python task. The shim runs this file by its path; it needs the standard library only.

Argument: JSON {command, parameters, result, returns: [{name, kind}], objects: file | null, path: [folder]}; `objects`
names what _objects.py reads.
Result: JSON {returned, metrics, objects: {name: file}, environment, failure: {reason, message, traceback}} in the file
`result`, written whole or not at all. Standard output is the function's.

Python 3.8 or newer. Whatever is not needed by every call (inspect, typing, dataclasses, asyncio, pickle, traceback) is
imported where it is needed, by standard(): the start is what most steps pay for, and a project may have a file of that
name. For the first reason the files beside this one that PARTS names are run in this module's namespace, and only when
they are needed.
"""
import os
import sys


class Failure(Exception):
    """The task fails, and not by an exception of its own."""

    def __init__(self, message, reason="exception"):
        super().__init__(message)
        self.reason = reason


def main():
    request = from_json(sys.argv[1])
    sys.argv = [request["command"]]
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's folder
    sys.path[0:0] = request["path"]
    # `import magnus` works in an image that has it not installed.
    sys.path.append(os.path.dirname(os.path.dirname(__file__)))
    terminate_by_exception()
    before = dict(os.environ)
    process = os.getpid()
    result = {}
    try:
        run(request, result)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            if isinstance(stop.code, str):  # Python prints it
                result["failure"] = {"reason": "exit", "message": stop.code}
            raise
    except Failure as failure:
        print("magnus: " + str(failure), file=sys.stderr)
        result["failure"] = {"reason": failure.reason, "message": str(failure)}
        sys.exit(1)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        trace = traceback_of(error)
        hint = part("hint_of")(error, request["path"])
        print(trace + (hint and "magnus: %s\n" % hint), end="", file=sys.stderr, flush=True)
        message = one_line(error) + (hint and " (%s)" % hint)
        result["failure"] = {"reason": "exception", "message": message, "traceback": trace}
        sys.exit(1)
    finally:
        # Not in a child that the function has forked and that leaves by this way.
        if os.getpid() == process:
            result["environment"] = changes(before)
            write_result(request["result"], result)


def run(request, result):
    with open(request["parameters"], encoding="utf-8") as file:
        parameters = from_json(file.read(), Given)
    objects = part("read_objects")(request["objects"]) if request["objects"] else {}
    function = find(request["command"], request["path"])
    positional, named = part("bind")(function, request["command"], parameters, objects)
    value = function(*positional, **named)
    if hasattr(value, "__await__"):
        value = wait_for(value)
    part("publish")(value, request, result)


def terminate_by_exception():
    """TERM ends the function like sys.exit(143), so that its finally blocks run; processes that it forks as it ends any."""
    try:
        import _signal as signal  # the module signal costs as much as json
    except ImportError:
        import signal
    from _thread import get_ident

    def leave(number, frame):
        sys.exit(128 + number)

    masks = {}

    def before():
        # A TERM between the fork and the change of its handler would be lost in the child.
        masks[get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    def after():
        mask = masks.pop(get_ident(), None)
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def after_in_child():
        if signal.getsignal(signal.SIGTERM) is leave:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        after()

    signal.signal(signal.SIGTERM, leave)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after_in_child)


def wait_for(value):
    async def result():
        return await value

    return standard("asyncio").run(result())


# --- finding the function


def find(command, folders):
    parts = command.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise Failure('the command "%s" is not of the form module.function' % command)
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        try:
            __import__(module)
        except ModuleNotFoundError as error:
            # "a.b.C.method": a.b.C is no module, and that is no error yet. One that a module imports is.
            if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
                raise
            if count == 1:
                raise Failure('there is no module "%s" (%s)' % (module, where(folders))) from None
            continue
        return attribute(sys.modules[module], module, parts[count:])
    raise Failure('the command "%s" names no module' % command)


def attribute(value, module, names):
    for name in names:
        try:
            value = getattr(value, name)
        except AttributeError:
            raise Failure('the module "%s" has no "%s"' % (module, ".".join(names))) from None
    if not callable(value):
        raise Failure('"%s" in the module "%s" cannot be called' % (".".join(names), module))
    return value


def where(folders):
    """Which Python looked for a module, and from where."""
    version = ".".join(map(str, sys.version_info[:3]))
    return "Python %s, %s; the project's modules are found from %s" % (version, sys.executable, " and ".join(folders))


# --- the parts that not every call needs

PARTS = {
    "bind": "_arguments.py",
    "convert": "_conversion.py",
    "publish": "_publishing.py",
    "to_json": "_publishing.py",
    "plain": "_values.py",
    "colliding_keys": "_values.py",
    "misfit": "_values.py",
    "new_namespace": "_objects.py",
    "dump_object": "_objects.py",
    "read_objects": "_objects.py",
    "load_object": "_objects.py",
    "find_standard": "_standard.py",
    "traceback_text": "_failures.py",
    "hint_of": "_failures.py",
}


def part(name):
    """A function of a file beside this one, which is run in this module the first time."""
    if name not in globals():
        file = os.path.join(os.path.dirname(__file__), PARTS[name])
        with open(file, encoding="utf-8") as source:
            exec(compile(source.read(), file, "exec"), globals())
    return globals()[name]


# --- the standard library

own_modules = {}


def standard(name):
    """A module of the standard library, whatever the project's files are called."""
    return own_modules.get(name) or part("find_standard")(name)


# --- the end


def changes(before):
    prefixes = ("MAGNUS_PRM_", "MAGNUS_TRACK_")
    return {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, value in os.environ.items()
        if name.startswith(prefixes) and before.get(name) != value
    }


def write_result(file, result):
    temporary = file + ".tmp"
    with open(temporary, "w", encoding="utf-8") as content:
        content.write(json_text(result))
    os.replace(temporary, file)


def warn(message):
    """A warning of the run: a line of the file in which the task answers."""
    file = os.environ.get("MAGNUS_OUTPUT_FILE")
    if not file:
        return
    with open(file, "ab", buffering=0) as output:
        output.write((json_text({"warnings": [message]}) + "\n").encode("ascii"))


def traceback_of(error):
    return part("traceback_text")(error)


class Decoding:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = str


# Numbers that Python prints otherwise than they were given, 3.10 as 3.1: the identity of the number to it and its text.
number_texts = {}


def given_float(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Failure("the number %s is too large for a float" % text)
    if repr(value) != text:
        number_texts[id(value)] = (value, text)
    return value


class Given(Decoding):
    """Of parameters: an argument annotated as str gets a number's text."""

    parse_float = given_float


def from_json(text, decoding=Decoding):
    """json.loads, by the part of it that is in C: the module json imports re, which takes as long as Python's start."""
    try:
        from _json import make_scanner

        return make_scanner(decoding)(text, 0)[0]
    except Failure:
        raise
    except Exception:
        hooks = {name: getattr(decoding, name) for name in ("object_pairs_hook", "parse_float", "parse_constant")}
        return standard("json").loads(text, **hooks)


def json_text(value, default=None, allow_nan=False):
    """json.dumps, likewise; where something is wrong, json says it."""
    try:
        from _json import encode_basestring_ascii, make_encoder

        return "".join(make_encoder({}, default, encode_basestring_ascii, None, ": ", ", ", False, False, allow_nan)(value, 0))
    except Exception:
        return standard("json").dumps(value, default=default, allow_nan=allow_nan)


def one_line(error):
    try:
        text = str(error).strip()
    except Exception:
        text = "(its text cannot be made)"
    return type(error).__name__ + (": " + text if text else "")


# A process that multiprocessing starts imports this file under another name.
if __name__ == "__main__":
    main()
