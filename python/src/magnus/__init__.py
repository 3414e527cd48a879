"""What the code of a magnus task may ask of the run it is in.

    from magnus import get_parameter, set_parameter, track_this

Everything goes over the files and environment variables that magnus gives to every task, so the same code also works
outside a run, in a debugger or a test; each function says what it does there. Standard library only, Python 3.8 or newer.
"""
from ._answering import MagnusError
from ._catalog import get_from_catalog, get_object, put_in_catalog, put_object
from .task import (
    get_parameter,
    get_run_id,
    get_run_log,
    get_secret,
    get_tag,
    set_parameter,
    track_this,
)

# As tracebacks show it.
MagnusError.__module__ = __name__

__all__ = [
    "MagnusError",
    "get_from_catalog",
    "get_object",
    "get_parameter",
    "get_run_id",
    "get_run_log",
    "get_secret",
    "get_tag",
    "put_in_catalog",
    "put_object",
    "set_parameter",
    "track_this",
]
