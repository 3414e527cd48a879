"""Calls the function of a python task. The shim runs this file by its path; it needs the standard library only.

Argument: JSON {command, parameters, result, returns: [{name, kind}], objects: {name: file}, path: [folder]}.
Result: JSON {returned, metrics, objects: {name: file}, environment, failure: {reason, message, traceback}} in the file
`result`, written whole or not at all. Standard output is the function's.

Python 3.8 or newer. Whatever is not needed by every call (inspect, typing, dataclasses, asyncio, pickle, traceback) is
imported where it is needed: the start is what most steps pay for. For the same reason the files beside this one that
PARTS names are run in this module's namespace, and only when they are needed.
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
        print(trace, end="", file=sys.stderr, flush=True)
        result["failure"] = {"reason": "exception", "message": one_line(error), "traceback": trace}
        sys.exit(1)
    finally:
        result["environment"] = changes(before)
        write_result(request["result"], result)


def run(request, result):
    with open(request["parameters"], encoding="utf-8") as file:
        parameters = from_json(file.read())
    objects = request["objects"]
    function = find(request["command"])
    positional, named = part("bind")(function, request["command"], parameters, objects)
    value = function(*positional, **named)
    if hasattr(value, "__await__"):
        value = wait_for(value)
    part("publish")(value, request, result)


def terminate_by_exception():
    """TERM ends the function like sys.exit(143), so that its finally blocks run."""
    try:
        import _signal as signal  # the module signal costs as much as json
    except ImportError:
        import signal
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def wait_for(value):
    import asyncio

    async def result():
        return await value

    return asyncio.run(result())


# --- finding the function


def find(command):
    parts = command.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise Failure('the command "%s" is not of the form module.function' % command)
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        try:
            __import__(module)
        except ModuleNotFoundError as error:
            # "a.b.C.method": a.b.C is no module, and that is no error yet. One that a module imports is.
            if count > 1 and error.name is not None and (module == error.name or module.startswith(error.name + ".")):
                continue
            raise
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


# --- objects


def load_object(file):
    import pickle

    with open(file, "rb") as content:
        return pickle.load(content)


# --- the parts that not every call needs

PARTS = {
    "bind": "_arguments.py",
    "convert": "_conversion.py",
    "publish": "_publishing.py",
    "to_json": "_publishing.py",
    "dump_object": "_publishing.py",
}


def part(name):
    """A function of a file beside this one, which is run in this module the first time."""
    if name not in globals():
        file = os.path.join(os.path.dirname(__file__), PARTS[name])
        with open(file, encoding="utf-8") as source:
            exec(compile(source.read(), file, "exec"), globals())
    return globals()[name]


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


def traceback_of(error):
    """As Python prints it, without the frames of this file."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


class Decoding:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = str


def from_json(text):
    """json.loads, by the part of it that is in C: the module json imports re, which takes as long as Python's start."""
    try:
        from _json import make_scanner

        return make_scanner(Decoding)(text, 0)[0]
    except Exception:
        import json

        return json.loads(text, parse_constant=str)


def json_text(value, default=None, allow_nan=False):
    """json.dumps, likewise; where something is wrong, json says it."""
    try:
        from _json import encode_basestring_ascii, make_encoder

        return "".join(make_encoder({}, default, encode_basestring_ascii, None, ": ", ", ", False, False, allow_nan)(value, 0))
    except Exception:
        import json

        return json.dumps(value, default=default, allow_nan=allow_nan)


def one_line(error):
    text = str(error).strip()
    return type(error).__name__ + (": " + text if text else "")


# A process that multiprocessing starts imports this file under another name.
if __name__ == "__main__":
    main()
