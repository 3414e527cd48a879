"""The standard library beside a project whose files have names of its modules. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def find_standard(name):
    """The module itself; the project's own code goes on to import the project's file of that name."""
    module = sys.modules.get(name)
    if module is None or is_before_library(module):
        module = import_standard(name)
    own_modules[name] = module
    return module


def import_standard(name):
    with StandardOnly(name):
        __import__(name)
        return sys.modules[name]


class StandardOnly:
    """Inside, imports find no file of the project that has the name of a standard module; afterwards they do again.

    Not of asyncio, which imports from itself whenever it runs.
    """

    def __init__(self, name=""):
        self.stays = "asyncio" if name == "asyncio" else None

    def __enter__(self):
        self.names = names_before_library()
        if not self.names:
            return
        self.path = sys.path[:]
        loaded = [(name, module) for name, module in list(sys.modules.items()) if top(name) in self.names]
        self.hidden = {name: module for name, module in loaded if is_before_library(sys.modules.get(top(name)))}
        for name in self.hidden:
            del sys.modules[name]
        self.known = set(sys.modules)
        sys.path[:] = self.path[len(folders_before_library()) :]

    def __exit__(self, *_):
        if not self.names:
            return
        sys.path[:] = self.path
        for name in set(sys.modules) - self.known:
            if top(name) in self.names and top(name) != self.stays:
                del sys.modules[name]
        sys.modules.update((name, module) for name, module in self.hidden.items() if top(name) != self.stays)


def top(name):
    return name.partition(".")[0]


def folders_before_library():
    """Where modules are looked for before the standard library: the project, PYTHONPATH."""
    library = os.path.dirname(os.__file__)
    return sys.path[: sys.path.index(library)] if library in sys.path else []


def is_before_library(module):
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return False
    folder, name = os.path.split(os.path.abspath(file))
    if name.startswith("__init__."):
        folder = os.path.dirname(folder)
    return folder in map(os.path.abspath, folders_before_library())


def names_before_library():
    """The standard modules that those folders have files of."""
    names = set()
    for folder in folders_before_library():
        try:
            names.update(entry.partition(".")[0] for entry in os.listdir(folder or "."))
        except OSError:
            pass  # an archive, or not there
    standard_names = getattr(sys, "stdlib_module_names", None)
    if standard_names is None:
        standard_names = [entry.partition(".")[0] for entry in os.listdir(os.path.dirname(os.__file__))]
    return names.intersection(standard_names)
