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
    hidden_names = names_before_library()
    if not hidden_names:
        __import__(name)
        return sys.modules[name]
    path = sys.path[:]
    hidden = {key: module for key, module in list(sys.modules.items()) if top(key) in hidden_names and is_before_library(sys.modules.get(top(key)))}
    for key in hidden:
        del sys.modules[key]
    known = set(sys.modules)
    sys.path[:] = path[len(folders_before_library()) :]
    try:
        __import__(name)
        return sys.modules[name]
    finally:
        sys.path[:] = path
        for key in set(sys.modules) - known:
            if top(key) in hidden_names:
                del sys.modules[key]
        sys.modules.update(hidden)


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
