"""The functions of the package; importing `magnus` is the same."""
from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional, Type, TypeVar, Union, overload

from . import _runner

T = TypeVar("T")

# Values that this process has set; the files that it was given do not change.
_set_here: Dict[str, Any] = {}
_put_here: Dict[str, str] = {}

# A variable that is longer is not set: Linux starts no process with one of 128 KiB.
_MAX_VARIABLE = 100 * 1024


class MagnusError(Exception):
    """What was asked for is not there, or cannot be given to magnus. The message is for people."""


# --- parameters


@overload
def get_parameter(key: str) -> Any: ...
@overload
def get_parameter(key: str, cast_as: Type[T]) -> T: ...
@overload
def get_parameter(*, cast_as: Type[T]) -> T: ...
@overload
def get_parameter() -> Dict[str, Any]: ...
def get_parameter(key: Optional[str] = None, cast_as: Optional[Type[Any]] = None) -> Any:
    """The parameter of that name as this step sees it; without a name all of them, as a dictionary.

    What this process has set itself counts. `cast_as` is a type as it may stand in the annotation of a task's argument:
    a plain type, Optional, List, Dict, a dataclass, a pydantic model.

    Outside a run the parameters are the environment variables MAGNUS_PRM_<name>, read as JSON or else as text, and the
    JSON file that MAGNUS_PARAMETERS_FILE names, if it is set.

    Raises MagnusError where there is no such parameter or its value is nothing that `cast_as` could take.
    """
    parameters = _parameters()
    if key is None:
        return parameters if cast_as is None else _cast(parameters, cast_as, "the parameters")
    if key not in parameters:
        names = ", ".join(sorted(parameters)) or "none"
        raise MagnusError('there is no parameter "%s"; this step sees: %s' % (key, names))
    value = parameters[key]
    return value if cast_as is None else _cast(value, cast_as, 'parameter "%s"' % key)


def set_parameter(**parameters: Any) -> None:
    """Publishes parameters: steps that come after this one see them, unless this one fails.

    Values are anything that JSON can hold; dataclasses, pydantic models, paths, dates and NumPy's scalars and arrays are
    turned into it. What is set here comes before what the function returns.

    Outside a run later calls of get_parameter in this process see the values, and nothing else does.

    Raises MagnusError where a value cannot be JSON.
    """
    values = {name: _to_json(value, name) for name, value in parameters.items()}
    _answer({"parameters": values})
    for name, value in values.items():
        _set_here[name] = value
        _export("MAGNUS_PRM_" + name, _runner.json_text(value))


def _parameters() -> Dict[str, Any]:
    parameters: Dict[str, Any] = {}
    file = os.environ.get("MAGNUS_PARAMETERS_FILE")
    if file:
        try:
            with open(file, encoding="utf-8") as content:
                parameters.update(_runner.from_json(content.read()))
        except OSError as error:
            raise MagnusError("cannot read MAGNUS_PARAMETERS_FILE: %s" % error) from None
    for variable, text in os.environ.items():
        name = variable[len("MAGNUS_PRM_") :]
        if variable.startswith("MAGNUS_PRM_") and name.isidentifier():
            parameters[name] = _read(text)
    parameters.update(_set_here)
    return parameters


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text


def _cast(value: Any, cast_as: Any, what: str) -> Any:
    try:
        return _runner.part("convert")(value, cast_as, what)
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None


def _export(variable: str, text: str) -> None:
    if "\0" in text or len(text.encode("utf-8", "surrogatepass")) > _MAX_VARIABLE:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = text


# --- metrics


def track_this(step: Optional[int] = 0, **metrics: Any) -> None:
    """Records metrics with this step of the pipeline, also if it fails afterwards.

    `step` counts what the values belong to, such as epochs; None: the values belong to no count. A value is anything that
    JSON can hold. Outside a run nothing is recorded.

    Raises MagnusError where a value cannot be JSON.
    """
    values = {name: _to_json(value, name, as_metric=True) for name, value in metrics.items()}
    _answer({"metrics": values} if step is None else {"metrics": values, "step": step})


# --- secrets


def get_secret(secret_name: str) -> str:
    """The value of a secret that the step names under `secrets`.

    Outside a run, and where the environment has no variable of that name, it is looked up among the NAME=value lines of
    the file `.env` in the working directory.

    Raises MagnusError where it is in neither.
    """
    value = os.environ.get(secret_name)
    if value is None and not _is_in_run():
        value = _dotenv().get(secret_name)
    if value is None:
        remedy = "name it under `secrets` of the step" if _is_in_run() else "set the variable, or write it into .env"
        raise MagnusError('the secret "%s" is not in the environment: %s' % (secret_name, remedy))
    return value


def _dotenv() -> Dict[str, str]:
    try:
        with open(".env", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.replace("export ", "", 1).strip()] = value
    return found


# --- files


def get_from_catalog(name: str, destination_folder: str = "") -> List[str]:
    """The files that the pattern `name` matches, copied into `destination_folder` if one is named; their paths.

    Files come out of the catalog before a task starts, those that the step names under `catalog: {get: [...]}`; this finds
    them, relative to the working directory. So it does outside a run.

    Raises MagnusError where nothing matches.
    """
    import glob
    import shutil

    found = sorted(file for file in glob.glob(name, recursive=True) if not os.path.isdir(file))
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
            shutil.copy2(file, copy)
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
        raise MagnusError('"%s" is not below the working directory, and only files there can be catalogued' % filepath)
    _answer({"catalog": {"put": [pattern]}})


# --- objects


def put_object(data: Any, name: str) -> None:
    """Keeps a Python object for later tasks: get_object(name) gives it, and so does an argument of that name.

    It is pickled at once. Outside a run it is written to `<name>.pickle` in the working directory.

    Raises MagnusError where it cannot be pickled, or the name is no identifier.
    """
    if not (name.isidentifier() and name.isascii()):
        raise MagnusError('"%s" cannot be the name of an object: it must be like the name of a variable' % name)
    output = os.environ.get("MAGNUS_OUTPUT_FILE")
    file = "%s.pickle" % name if not output else "%s.%d.%d.pickle" % (output, os.getpid(), len(_put_here))
    try:
        _runner.part("dump_object")(data, name, file)
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None
    _put_here[name] = file
    _answer({"objects": {name: file}})


def get_object(name: str) -> Any:
    """The object that this or an earlier task kept under the name, by put_object or `returns` with kind object.

    Outside a run it is read from `<name>.pickle` in the working directory.

    Raises MagnusError where there is none.
    """
    given = _read(os.environ.get("MAGNUS_OBJECTS", "{}"))
    file = _put_here.get(name) or (given.get(name) if isinstance(given, dict) else None)
    if file is None:
        file = "%s.pickle" % name
    try:
        return _runner.load_object(file)
    except FileNotFoundError:
        raise MagnusError('there is no object "%s": no step before this one has put it' % name) from None


# --- the run


def get_run_id() -> str:
    """The run's id; empty outside a run."""
    return os.environ.get("MAGNUS_RUN_ID", "")


def get_tag() -> str:
    """The run's label; empty where it has none, and outside a run."""
    return os.environ.get("MAGNUS_RUN_TAG", "")


def get_run_log() -> Dict[str, Any]:
    """The run's log so far, as `magnus runs show --json` prints it; empty outside a run.

    Raises MagnusError where the log cannot be read from within a task: with the run log store `buffered`.
    """
    import subprocess

    if not _is_in_run():
        return {}
    reader = _read(os.environ.get("MAGNUS_RUN_LOG", "null"))
    if not isinstance(reader, dict):
        raise MagnusError("the run's log cannot be read from within a task: it is kept in memory")
    environment = dict(os.environ, MAGNUS_SERVICES=reader["services"])
    done = subprocess.run(reader["command"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    if done.returncode != 0:
        raise MagnusError("the run's log cannot be read: %s" % done.stderr.decode("utf-8", "replace").strip())
    log: Dict[str, Any] = json.loads(done.stdout.decode("utf-8"))
    return log


# --- answering


def _is_in_run() -> bool:
    return bool(os.environ.get("MAGNUS_RUN_ID"))


def _to_json(value: Any, name: str, as_metric: bool = False) -> Any:
    try:
        return _runner.part("to_json")(value, name, as_metric=as_metric)
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None


def _answer(line: Dict[str, Union[Dict[str, Any], int]]) -> None:
    """One line of the file in which a task answers; it is appended whole, so that threads do not mix theirs."""
    file = os.environ.get("MAGNUS_OUTPUT_FILE")
    if not file:
        return
    data = (_runner.json_text(line) + "\n").encode("ascii")
    try:
        with open(file, "ab", buffering=0) as output:
            output.write(data)
    except OSError as error:
        raise MagnusError("cannot write to MAGNUS_OUTPUT_FILE: %s" % error) from None
