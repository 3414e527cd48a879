"""Executes the notebook of a notebook task. The shim runs this file by its path.

Argument: JSON {command, parameters, result, answers, output, tag, returns: [{name, kind}], path: [folder], jupyter}.
`command` is the notebook, `output` where the executed one is written, `tag` that of the cells whose output is read.
Result: JSON {returned, metrics, objects, environment, executed, failure: {reason, message, traceback}} in the file
`result`, written whole or not at all; `executed` tells whether `output` was written.

Needs one of papermill, nbclient, or the program `jupyter nbconvert`; everything else is the standard library, since a
notebook is JSON. Two cells are added for the time of the execution and taken away again: the first finds the project's
modules, the last writes down what the notebook answers.
"""
import importlib.util
import os
import sys


def main():
    runner = sibling("_runner")
    engines = sibling("_notebook_engines")
    request = runner.from_json(sys.argv[1])
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's folder
    runner.terminate_by_exception()
    result = {}
    code = 0
    try:
        code = run(request, result, runner, engines)
    except runner.Failure as failure:
        print("magnus: " + str(failure), file=sys.stderr)
        result["failure"] = {"reason": failure.reason, "message": str(failure)}
        code = 1
    finally:
        runner.write_result(request["result"], result)
    sys.exit(code)


def run(request, result, runner, engines):
    notebook = read_notebook(request["command"], runner)
    is_python = language_of(notebook) == "python"
    parameters = read_parameters(request["parameters"], is_python, runner)
    engine = engines.choose(request.get("jupyter"))
    if engine is None:
        what = "papermill, nbclient or the program jupyter nbconvert; %s has none of them" % sys.executable
        raise runner.Failure("a notebook needs %s (pip install papermill ipykernel)" % what, "cannot-start")
    work = dict(request, parameters=parameters, is_python=is_python, kernel=engines.kernel_of(notebook, is_python))
    if engine.injects_parameters:
        work["inject"] = parameters
    elif parameters and is_python:
        inject(notebook, parameters)
    elif parameters:
        print("magnus: %s is no Python notebook: its parameters are in the environment only" % request["command"], file=sys.stderr)
    if is_python:
        add_own_cells(notebook, request, runner)
    work["executed"] = notebook
    ended = False
    try:
        error = engine.execute(notebook, work, runner)
        ended = error is None
    finally:
        # Also where something ended the execution from outside: what was executed so far.
        executed = without_own_cells(work["executed"])
        if ended or any(cell.get("execution_count") for cell in executed["cells"]):
            write_notebook(executed, request["output"])
            result["executed"] = True
    result.update(answers_of(request, runner))
    found = failed_cell(executed)
    if found is not None:
        return report(found, request, result, runner)
    if error is not None:
        raise error
    printed = printed_values(executed, request, runner)
    result["returned"] = dict(printed, **result.get("returned", {}))
    if "failure" not in result:
        return 0
    print("magnus: " + result["failure"]["message"], file=sys.stderr)
    return 1


def read_parameters(name, is_python, runner):
    import keyword

    with open(name, encoding="utf-8") as file:
        parameters = runner.from_json(file.read())
    # A parameter `class` cannot be assigned; the environment has it.
    return {name: value for name, value in parameters.items() if not (is_python and keyword.iskeyword(name))}


# --- the file


def read_notebook(name, runner):
    try:
        with open(name, encoding="utf-8") as file:
            notebook = runner.from_json(file.read())
    except OSError as error:
        raise runner.Failure("cannot read the notebook %s: %s" % (name, error.strerror), "cannot-start") from None
    except ValueError as error:
        raise runner.Failure("the notebook %s is no JSON: %s" % (name, error), "cannot-start") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise runner.Failure("%s is no notebook of format 4; open it in Jupyter and save it again" % name, "cannot-start")
    notebook.setdefault("metadata", {})
    for cell in notebook["cells"]:
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def write_notebook(notebook, name):
    import json

    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    temporary = "%s.%d.tmp" % (name, os.getpid())
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(notebook, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(temporary, name)


def language_of(notebook):
    metadata = notebook["metadata"]
    spec, info = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    name = spec.get("language") or info.get("name") or spec.get("name") or "python"
    return "python" if name.lower().startswith(("python", "ipython")) else name.lower()


def text_of(source):
    return "".join(source) if isinstance(source, list) else source


def tags_of(cell):
    return cell["metadata"].get("tags") or []


# --- cells


def inject(notebook, parameters):
    """As papermill does: after the cell tagged `parameters`, or first; in place of what was injected before."""
    cells = [cell for cell in notebook["cells"] if "injected-parameters" not in tags_of(cell)]
    at = next((i + 1 for i, cell in enumerate(cells) if "parameters" in tags_of(cell)), 0)
    lines = ["# Parameters"] + ["%s = %r" % (name, value) for name, value in parameters.items()]
    cells.insert(at, code_cell(notebook, "\n".join(lines), {"tags": ["injected-parameters"]}))
    notebook["cells"] = cells


OWN = "magnus"


def add_own_cells(notebook, request, runner):
    import json

    folder = os.path.dirname(os.path.abspath(__file__))
    request_file = request["answers"] + ".request"
    with open(request_file, "w", encoding="utf-8") as file:
        json.dump(request, file)
    first = "import os as _os, sys as _sys\n_os.chdir(%r)\n_sys.path[0:0] = %r\n_sys.path.append(%r)\ndel _os, _sys"
    last = '__import__("runpy").run_path(%r, {"magnus_variables": globals(), "magnus_request": %r})\nNone'
    add = lambda source: code_cell(notebook, source, {OWN: True})
    notebook["cells"].insert(0, add(first % (os.getcwd(), request["path"], os.path.dirname(folder))))
    notebook["cells"].append(add(last % (os.path.join(folder, "_kernel.py"), request_file)))


def code_cell(notebook, source, metadata):
    cell = {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}
    if notebook.get("nbformat_minor", 0) >= 5:
        import uuid

        cell["id"] = uuid.uuid4().hex[:8]
    return cell


def without_own_cells(notebook):
    """The notebook as if the added cells had never been: they took the first and the last execution count."""
    cells = [cell for cell in notebook["cells"] if OWN not in cell["metadata"]]
    shift = len(notebook["cells"]) != len(cells)
    for cell in cells:
        counts = [cell] + [output for output in cell.get("outputs", []) if output.get("output_type") == "execute_result"]
        for counted in counts:
            if shift and isinstance(counted.get("execution_count"), int):
                counted["execution_count"] = max(1, counted["execution_count"] - 1)
    return dict(notebook, cells=cells)


# --- what came of it


def answers_of(request, runner):
    """What the kernel wrote down at its end; nothing where it did not come to it."""
    try:
        with open(request["answers"], encoding="utf-8") as file:
            return runner.from_json(file.read())
    except OSError:
        return {}
    finally:
        for file in (request["answers"], request["answers"] + ".request"):
            if os.path.exists(file):
                os.remove(file)


def failed_cell(notebook):
    """(number of the cell in the author's file, its error); cells that may raise are no failure."""
    number = 0
    for cell in notebook["cells"]:
        # Cells of parameters, and those by which papermill marks a failed notebook, are not the author's.
        if {"papermill-error-cell-tag", "injected-parameters"} & set(tags_of(cell)):
            continue
        number += 1
        if "raises-exception" in tags_of(cell):
            continue
        for output in cell.get("outputs", []):
            if output.get("output_type") == "error":
                return number, output
    return None


def report(found, request, result, runner):
    """The failure of a cell; gives the exit code. As in a script, sys.exit() in a cell is none, sys.exit(3) exits so."""
    number, error = found
    name, value = error.get("ename", "Error"), error.get("evalue", "")
    if name == "SystemExit":
        if value in ("", "0", "None"):
            return 0
        if value.lstrip("-").isdigit():
            return int(value) & 0xFF
        print(value, file=sys.stderr)
        result["failure"] = {"reason": "exit", "message": value}
        return 1
    trace = without_colours("\n".join(error.get("traceback", [])))
    line = " ".join((name + (": " + value if value else "")).split())
    message = "%s, cell %d: %s" % (os.path.basename(request["command"]), number, line)
    print(trace, file=sys.stderr)
    result["failure"] = {"reason": "exception", "message": message, "traceback": trace + "\n"}
    return 1


def without_colours(text):
    import re

    return re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", text)


def printed_values(notebook, request, runner):
    """What the tagged cells printed: Python literals (or JSON) of mappings."""
    values = {}
    for cell in notebook["cells"]:
        if request["tag"] not in tags_of(cell):
            continue
        text = printed(cell)
        for part in parts(text, runner):
            for name, value in part.items():
                if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
                    raise runner.Failure('the cell tagged "%s" printed the key %r, which cannot be the name of a parameter' % (request["tag"], name))
                values[name] = runner.part("to_json")(value, name)
    return values


def printed(cell):
    outputs = cell.get("outputs", [])
    streams = [text_of(one["text"]) for one in outputs if one.get("output_type") == "stream" and one.get("name") == "stdout"]
    if "".join(streams).strip():
        return "".join(streams)
    results = [one["data"].get("text/plain", "") for one in outputs if one.get("output_type") == "execute_result"]
    return "\n".join(text_of(one) for one in results)


def parts(text, runner):
    """The mappings in a text: one, or one a line."""
    whole = literal(text, runner)
    if isinstance(whole, dict):
        return [whole]
    lines = [literal(line, runner) for line in text.splitlines() if line.strip()]
    if all(isinstance(line, dict) for line in lines):
        return lines
    shown = " ".join(text.split())
    raise runner.Failure("a tagged cell printed %s, which is no mapping; print({...})" % (shown if len(shown) <= 60 else shown[:57] + "..."))


def literal(text, runner):
    import ast

    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return runner.from_json(text.strip())
    except ValueError:
        return None


def sibling(name):
    """A file beside this one as a module, whatever is on sys.path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("magnus" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
