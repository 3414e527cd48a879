"""Parameters, metrics, secrets, and the run itself."""
from __future__ import annotations

import os

from . import _runner
from ._answering import MagnusError, answer, is_in_run, read_text, to_json
from ._catalog import given_objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Type, TypeVar, overload

    T = TypeVar("T")
else:

    def overload(function):
        return function


# Values that this process has set; the files that it was given do not change.
_set_here: Dict[str, Any] = {}

# A variable that is longer is not set: Linux starts no process with one of 128 KiB.
_MAX_VARIABLE = 100 * 1024


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
        if key in given_objects():
            raise MagnusError('"%s" is not a plain value: get_object("%s") gives it' % (key, key))
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
    values = {name: to_json(value, name) for name, value in parameters.items()}
    answer({"parameters": values})
    for name, value in values.items():
        _set_here[name] = value
        _export("MAGNUS_PRM_" + name, _runner.json_text(value))


def _parameters() -> Dict[str, Any]:
    parameters: Dict[str, Any] = {}
    file = os.environ.get("MAGNUS_PARAMETERS_FILE")
    if file:
        try:
            with open(file, encoding="utf-8") as content:
                parameters.update(_runner.from_json(content.read(), _runner.Given))
        except OSError as error:
            raise MagnusError("cannot read MAGNUS_PARAMETERS_FILE: %s" % error) from None
    for variable, text in os.environ.items():
        name = variable[len("MAGNUS_PRM_") :]
        if variable.startswith("MAGNUS_PRM_") and name.isidentifier():
            parameters[name] = read_text(text)
    parameters.update(_set_here)
    return parameters


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
    values = {name: to_json(value, name, as_metric=True) for name, value in metrics.items()}
    answer({"metrics": values} if step is None else {"metrics": values, "step": step})


# --- secrets


def get_secret(secret_name: str) -> str:
    """The value of a secret that the step names under `secrets`.

    Outside a run, and where the environment has no variable of that name, it is looked up among the NAME=value lines of
    the file `.env` in the working directory.

    Raises MagnusError where it is in neither.
    """
    value = os.environ.get(secret_name)
    if value is None and not is_in_run():
        value = _dotenv().get(secret_name)
    if value is None:
        remedy = "name it under `secrets` of the step" if is_in_run() else "set the variable, or write it into .env"
        raise MagnusError('the secret "%s" was not found in the environment: %s' % (secret_name, remedy))
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
    if not is_in_run():
        return {}
    reader = read_text(os.environ.get("MAGNUS_RUN_LOG", "null"))
    if not isinstance(reader, dict):
        raise MagnusError("the run's log cannot be read from within a task: it is kept in memory")
    environment = dict(os.environ, MAGNUS_SERVICES=reader["services"])
    subprocess = _runner.standard("subprocess")
    done = subprocess.run(reader["command"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    if done.returncode != 0:
        raise MagnusError("the run's log cannot be read: %s" % done.stderr.decode("utf-8", "replace").strip())
    log: Dict[str, Any] = _runner.from_json(done.stdout.decode("utf-8"))
    return log
