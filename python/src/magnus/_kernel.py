"""Runs in a notebook's kernel, after the last cell: writes down what the notebook answers.

Namespace: `magnus_variables`, the kernel's; `magnus_request`, the name of the notebook runner's request. Result: JSON
{returned, metrics, objects: {name: file}, environment, failure: {reason, message}} in the file `answers`.
"""
import importlib.util
import os


def main(variables, request_file):
    runner = sibling("_runner")
    with open(request_file, encoding="utf-8") as file:
        request = runner.from_json(file.read())
    result = {"environment": runner.changes({})}
    try:
        publish_variables(variables, request, result, runner)
    except runner.Failure as failure:
        result["failure"] = {"reason": failure.reason, "message": str(failure)}
    runner.write_result(request["answers"], result)


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
