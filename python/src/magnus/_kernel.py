"""Runs in the kernel of a Python notebook: before its first cell and after its last one.

Namespace: `magnus_variables`, the kernel's; `magnus_request`, the name of a file with the notebook runner's request.
Result in the file that its `answers` names: JSON, after the last cell {returned, metrics, objects: {name: file},
environment, exit, failure: {reason, message}}. `exit` is there if the last cell left by sys.exit(): 0, the exit code, or
the text.
"""
import importlib.util
import os
import sys


def main(variables, request_file):
    runner = sibling("_runner")
    with open(request_file, encoding="utf-8") as file:
        request = runner.from_json(file.read())
    result = {}
    if request["what"] == "begin":
        begin(variables, request)
    else:
        end(variables, request, result, runner)
    runner.write_result(request["answers"], result)


def begin(variables, request):
    os.chdir(request["folder"])
    sys.path[0:0] = request["path"]
    # `import magnus` works in an image that has it not installed.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    shell = variables["get_ipython"]() if "get_ipython" in variables else None
    if hasattr(shell, "exiter"):
        leave_as_scripts_do(shell)


def leave_as_scripts_do(shell):
    """exit() raises SystemExit. IPython's lets the cell go on and stops the kernel at some time after it."""
    import warnings

    class Exit(type(shell.exiter)):
        def __call__(self, code=None, keep_kernel=False):
            raise SystemExit(code)

    shell.exiter = Exit(shell)
    shell.user_ns.update(exit=shell.exiter, quit=shell.exiter)
    shell.keepkernel_on_exit = True
    warnings.filterwarnings("ignore", message="To exit: use")


def end(variables, request, result, runner):
    result["environment"] = runner.changes({})
    left = request["error"] is None
    if not left and is_exit(request["error"]):
        result["exit"] = exit_of(sys.last_value)
        left = result["exit"] == 0
    if not left:
        return
    try:
        publish_variables(variables, request, result, runner)
    except runner.Failure as failure:
        result["failure"] = {"reason": failure.reason, "message": str(failure)}


def is_exit(name):
    """The last exception, which has the name, is that of sys.exit()."""
    last = getattr(sys, "last_value", None)
    return isinstance(last, SystemExit) and type(last).__name__ == name


def exit_of(error):
    """As Python itself: nothing is 0, a number what is left of it in eight bits, everything else a text and 1."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else str(error.code)


def publish_variables(variables, request, result, runner):
    returned = result["returned"] = {}
    metrics = result["metrics"] = {}
    objects = result["objects"] = {}
    for position, one in enumerate(request["returns"]):
        name, kind = one["name"], one["kind"]
        if name not in variables:
            continue
        if kind == "object":
            objects[name] = "%s.%d.pickle" % (request["result"], position)
            runner.part("dump_object")(variables[name], name, objects[name])
            continue
        returned[name] = runner.part("to_json")(variables[name], name, as_metric=kind == "metric")
        if kind == "metric":
            metrics[name] = returned[name]


def sibling(name):
    """A file beside this one as a module, whatever is on sys.path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("magnus" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if "magnus_request" in globals():
    main(globals()["magnus_variables"], globals()["magnus_request"])
