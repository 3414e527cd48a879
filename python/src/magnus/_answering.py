"""How the functions of the package tell magnus something: lines of the file that every task is given."""
from __future__ import annotations

import os

from . import _runner

TYPE_CHECKING = False  # typing costs time, and a project may have a file of that name
if TYPE_CHECKING:
    from typing import Any, Dict, Union


class MagnusError(Exception):
    """What was asked for is not there, or cannot be given to magnus. The message is for people."""


def is_in_run() -> bool:
    return bool(os.environ.get("MAGNUS_RUN_ID"))


def to_json(value: Any, name: str, as_metric: bool = False) -> Any:
    try:
        return _runner.part("to_json")(value, name, as_metric=as_metric)
    except _runner.Failure as failure:
        raise MagnusError(str(failure)) from None


def answer(line: Dict[str, Union[Dict[str, Any], int]]) -> None:
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


def read_text(text: str) -> Any:
    """A variable's text: JSON, or itself where it is none."""
    try:
        return _runner.standard("json").loads(text, parse_constant=str, parse_float=_runner.given_float)
    except ValueError:
        return text
