"""Objects: pickles in files, and what was around when they were made. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


# --- what a task is given


def read_objects(file):
    with open(file, encoding="utf-8") as content:
        return Objects(**from_json(content.read()))


class Objects:
    """The parameters that are objects, or have some in lists and mappings. They are read when they are asked for.

    `values`: name to JSON in which an object is {"$object": digest}. `files`: digest to {file} or, where the catalog could
    not give it, {error}.
    """

    def __init__(self, values, files):
        self.values = values
        self.files = files

    def __contains__(self, name):
        return name in self.values

    def __iter__(self):
        return iter(self.values)

    def load(self, name):
        return self.filled(self.values[name], name)

    def filled(self, value, what):
        if isinstance(value, list):
            return [self.filled(item, "%s[%d]" % (what, at)) for at, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        found = self.files.get(value.get("$object")) if len(value) == 1 else None
        if found is None:
            return {key: self.filled(entry, "%s[%s]" % (what, json_text(key))) for key, entry in value.items()}
        if "error" in found:
            raise Failure('the object "%s" cannot be read: %s' % (what, found["error"]), "catalog-get")
        return load_object(found["file"], what)

    def load_or_stand_in(self, name):
        """What cannot be read stops a function only if it uses it."""
        try:
            return self.load(name)
        except Failure as failure:
            return Unreadable(failure)


class Unreadable:
    """Stands for an object that cannot be read; whatever is done with it says why."""

    def __init__(self, failure):
        def refuse(*_, **__):
            raise failure

        vars(self)["refuse"] = refuse

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        self.refuse()

    def __repr__(self):
        return "<an object that cannot be read>"

    def refuse_use(self, *_, **__):
        vars(self)["refuse"]()

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __contains__ = __eq__ = __lt__ = __gt__ = __reduce_ex__ = refuse_use
    __add__ = __sub__ = __mul__ = __matmul__ = __truediv__ = __enter__ = __exit__ = __setattr__ = __fspath__ = refuse_use
    __hash__ = object.__hash__


def new_namespace(values, objects, names):
    """Objects are read when they are asked for: there may be many, and some that cannot be read here."""
    Namespace = standard("argparse").Namespace
    if not names:
        return Namespace(**values)
    waiting = set(names)
    holder = next(kind for kind in Namespace.__mro__ if "__dict__" in vars(kind))
    entries_of = vars(holder)["__dict__"].__get__

    class WithObjects(Namespace):
        def __getattr__(self, name):
            if name not in waiting:
                raise AttributeError('there is no parameter "%s"' % name)
            setattr(self, name, objects.load(name))
            waiting.discard(name)
            return getattr(self, name)

        def __setattr__(self, name, value):
            waiting.discard(name)
            Namespace.__setattr__(self, name, value)

        @property
        def __dict__(self):
            for name in list(waiting):
                setattr(self, name, objects.load_or_stand_in(name))
            return entries_of(self)

        def __contains__(self, name):
            return name in waiting or name in entries_of(self)

        def __reduce__(self):
            return Namespace, (), vars(self)

    # Whoever keeps it keeps a plain one.
    WithObjects.__module__ = Namespace.__module__
    return WithObjects(**values)


def load_object(file, what):
    with open(file, "rb") as content:
        try:
            value = standard("pickle").load(content)
        except Exception as error:
            raise Failure(unread(what, made_with(file), error)) from None
    warn_of_versions(what, made_with(file))
    return value


def unread(what, made, error):
    versions = made["versions"] if made else {"python": None}
    here = versions_text({name: version_of(name, True) for name in versions})
    kept = ', kept by "%s" with %s,' % (made["step"], versions_text(versions)) if made else ""
    return 'the object "%s"%s cannot be read here (%s): %s' % (what, kept, here, one_line(error))


def warn_of_versions(what, made):
    for name, version in made["versions"].items() if made else ():
        here = version_of(name)
        if here is not None and differs(name, version, here):
            name = NAMES.get(name, name)
            warn('the object "%s", kept by "%s" with %s %s, is read with %s' % (what, made["step"], name, version, here))


def differs(name, one, other):
    """Whether an object may mean something else: across a major version, and where minor ones change what is pickled."""
    one, other = one.split("."), other.split(".")
    if name == "python":
        return one[0] != other[0]
    parts = 2 if name in ("sklearn", "pandas") or one[0] == "0" else 1
    return one[:parts] != other[:parts]


# --- what a task keeps


def dump_object(value, name, file):
    """Pickles with protocol 4, which NumPy 1 and 2 read of each other. Behind it stands what it was made with."""
    pickle = standard("pickle")
    kinds = set()
    in_run = bool(os.environ.get("MAGNUS_RUN_ID"))

    class Pickler(pickle.Pickler):
        def reducer_override(self, one):
            kind = type(one)
            if kind is type or kind is FUNCTION:
                kind = one
            if kind not in kinds:
                kinds.add(kind)
                if in_run and kind.__module__ == "__main__":
                    raise Failure(in_main(kind))
            return NotImplemented

    try:
        with open(file, "wb") as content:
            Pickler(content, 4).dump(value)
            content.write(made_here(kinds))
    except Failure as failure:
        raise Failure('"%s" cannot be kept: %s' % (name, failure)) from None
    except Exception as error:
        raise Failure('"%s" cannot be pickled: %s' % (name, one_line(error))) from None


FUNCTION = type(dump_object)


def in_main(kind):
    return "%s is defined in the notebook or program itself, where no later step finds it: move it into a module" % kind.__name__


# --- versions

MARK = b"\nmagnus-object "
# Bytes of a file's end among which it is looked for.
MAX_MADE = 8192
NAMES = {"python": "Python", "sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv", "yaml": "PyYAML"}


def made_here(kinds):
    versions = {"python": version_of("python")}
    for name in sorted({top(kind.__module__ or "") for kind in kinds}):
        version = version_of(name)
        if version is not None:
            versions[name] = version
    text = json_text({"step": os.environ.get("MAGNUS_STEP", ""), "versions": dict(list(versions.items())[:100])})
    return MARK + text.encode("ascii") + b"\n" if len(text) < MAX_MADE - 100 else b""


def made_with(file):
    """{step, versions}, or None of a file that was not made so."""
    try:
        with open(file, "rb") as content:
            content.seek(0, 2)
            content.seek(max(0, content.tell() - MAX_MADE))
            text = content.read().rpartition(MARK)
        made = from_json(text[2].decode("ascii")) if text[1] else None
        return made if isinstance(made, dict) and isinstance(made.get("versions"), dict) else None
    except (OSError, ValueError):
        return None


def version_of(name, load=False):
    """Of a package that is loaded, or can be: None where it has none, as the standard library and the project."""
    if name == "python":
        return ".".join(map(str, sys.version_info[:3]))
    module = sys.modules.get(name)
    if module is None and load:
        try:
            module = __import__(name)
        except Exception:
            return None
    version = getattr(module, "__version__", None)
    file = getattr(module, "__file__", None) or ""
    if isinstance(version, str) and not file.startswith(os.path.dirname(os.__file__) + os.sep + name):
        return version
    if "site-packages" not in file and "dist-packages" not in file:
        return None
    try:
        return standard("importlib.metadata").version(name)
    except Exception:
        return None


def versions_text(versions):
    """Python 3.12.1, pandas 3.1.1"""
    return ", ".join("%s %s" % (NAMES.get(name, name), version) if version else "no %s" % NAMES.get(name, name) for name, version in versions.items())
