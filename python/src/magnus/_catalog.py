"""Files and objects: what goes through the catalog."""
from __future__ import annotations

import os

from . import _runner
from ._answering import MagnusError, answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

# Objects that this process has put, name to file.
_put_here: Dict[str, str] = {}


# --- files


def get_from_catalog(name: str, destination_folder: str = "") -> List[str]:
    """The files that the pattern `name` matches, copied into `destination_folder` if one is named; their paths.

    Files come out of the catalog before a task starts, those that the step names under `catalog: {get: [...]}`; this finds
    them, relative to the working directory. So it does outside a run.

    Raises MagnusError where nothing matches.
    """
    glob = _runner.standard("glob")
    found = sorted(file for file in glob.glob(name, recursive=True) if os.path.isfile(file))
    if os.path.isdir(name):
        found = sorted(os.path.join(at, file) for at, _, files in os.walk(name) for file in files)
    if not found:
        raise MagnusError('no file matches "%s": name it under `catalog: {get: [...]}` of the step' % name)
    if not destination_folder:
        return found
    copies = []
    for file in found:
        copy = os.path.join(destination_folder, file)
        if os.path.abspath(copy) != os.path.abspath(file):
            os.makedirs(os.path.dirname(copy) or ".", exist_ok=True)
            _runner.standard("shutil").copy2(file, copy)
        copies.append(copy)
    return copies


def put_in_catalog(filepath: str) -> None:
    """Has the files that a pattern matches stored in the catalog when the task ends, like `catalog: {put: [...]}`.

    The pattern is relative to the working directory; a folder means all that is in it. The files must still be there when
    the task ends, and one that matches nothing then fails it. Outside a run nothing is stored.

    Raises MagnusError where the path leaves the working directory.
    """
    pattern = os.path.relpath(filepath) if os.path.isabs(filepath) else filepath
    if pattern.split("/")[0] == "..":
        raise MagnusError('"%s" is outside the working directory; only files inside it can be catalogued' % filepath)
    answer({"catalog": {"put": [pattern]}})


# --- objects


def put_object(data: Any, name: str) -> None:
    """Keeps a Python object for later tasks: get_object(name) gives it, and so does an argument of that name.

    It is pickled at once. Outside a run it is written to `<name>.pickle` in the working directory.

    Raises MagnusError where it cannot be pickled, or the name is no identifier.
    """
    if not isinstance(name, str):
        swapped = " (the object comes first: put_object(object, name))" if isinstance(data, str) else ""
        raise MagnusError("the name of an object must be text, but is a value of type %s%s" % (type(name).__name__, swapped))
    if not (name.isidentifier() and name.isascii()):
        raise MagnusError('"%s" cannot be the name of an object: it must be like the name of a variable' % name)
    output = os.environ.get("MAGNUS_OUTPUT_FILE")
    file = "%s.pickle" % name if not output else "%s.%d.%d.pickle" % (output, os.getpid(), len(_put_here))
    try:
        _runner.part("dump_object")(data, name, file)
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None
    _put_here[name] = file
    answer({"objects": {name: file}})


def get_object(name: str) -> Any:
    """The object that this or an earlier task kept under the name, by put_object or `returns` with kind object.

    Outside a run it is read from `<name>.pickle` in the working directory.

    Objects that came from a map or a parallel are in the list or mapping that it made of them.

    Raises MagnusError where there is none, or it cannot be read here.
    """
    try:
        given = given_objects()
        if name in given and name not in _put_here:
            return given.load(name)
        return _runner.part("load_object")(_put_here.get(name, "%s.pickle" % name), name)
    except FileNotFoundError:
        raise MagnusError('there is no object "%s": no step before this one has put it' % name) from None
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None


def given_objects() -> Any:
    """The objects of earlier steps: MAGNUS_OBJECTS names a file that _objects.py reads."""
    file = os.environ.get("MAGNUS_OBJECTS")
    return _runner.part("read_objects")(file) if file else {}
