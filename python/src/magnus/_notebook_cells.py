"""The file of a notebook and its cells, which are JSON: reading, the cell of parameters, what cells printed, writing."""
import json
import os

TAG_OF_INJECTED = "injected-parameters"


def read_notebook(name, runner):
    """The notebook without the outputs of earlier executions. Raises the runner's Failure."""
    try:
        with open(name, encoding="utf-8-sig") as file:
            notebook = json.load(file)
    except OSError as error:
        raise runner.Failure("cannot read the notebook %s: %s" % (name, error.strerror), "cannot-start") from None
    except ValueError as error:
        raise runner.Failure("the notebook %s is not valid JSON: %s" % (name, error), "cannot-start") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise runner.Failure("%s is not a notebook of format 4; open it in Jupyter and save it again" % name, "cannot-start")
    notebook["metadata"] = mapping_of(notebook.get("metadata"))
    for number, cell in enumerate(notebook["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("source"), (str, list)) or "cell_type" not in cell:
            message = "%s, cell %d is invalid: it has no type or no source; open it in Jupyter and save it again"
            raise runner.Failure(message % (name, number), "cannot-start")
        cell["metadata"] = mapping_of(cell.get("metadata"))
        cell["number"] = number
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def mapping_of(value):
    return value if isinstance(value, dict) else {}


def write_notebook(notebook, name):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    temporary = "%s.%d.tmp" % (name, os.getpid())
    cells = [{key: value for key, value in cell.items() if key != "number"} for cell in notebook["cells"]]
    with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(dict(notebook, cells=cells), file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(temporary, name)


def language_of(notebook):
    metadata = notebook["metadata"]
    spec, info = mapping_of(metadata.get("kernelspec")), mapping_of(metadata.get("language_info"))
    name = str(spec.get("language") or info.get("name") or spec.get("name") or "python").lower()
    return "python" if name.startswith(("python", "ipython")) else name


def kernel_of(notebook):
    """The name of its kernel; empty where it says none."""
    return str(mapping_of(notebook["metadata"].get("kernelspec")).get("name") or "")


def text_of(source):
    return "".join(source) if isinstance(source, list) else source


def tags_of(cell):
    tags = cell["metadata"].get("tags")
    return tags if isinstance(tags, list) else []


# --- parameters


def inject(notebook, parameters):
    """A cell that sets the parameters: after the one tagged `parameters`, else first; in place of one injected before."""
    cells = [cell for cell in notebook["cells"] if TAG_OF_INJECTED not in tags_of(cell)]
    tagged = next((at + 1 for at, cell in enumerate(cells) if "parameters" in tags_of(cell)), None)
    before = next((at for at, cell in enumerate(notebook["cells"]) if TAG_OF_INJECTED in tags_of(cell)), 0)
    lines = ["# Parameters"] + ["%s = %s" % (name, literal_of(value)) for name, value in parameters.items()]
    cell = {"cell_type": "code", "execution_count": None, "metadata": {"tags": [TAG_OF_INJECTED]}, "outputs": []}
    cell["source"] = "\n".join(lines)
    if notebook.get("nbformat_minor", 0) >= 5:
        import uuid

        cell["id"] = uuid.uuid4().hex[:8]
    cells.insert(before if tagged is None else tagged, cell)
    notebook["cells"] = cells


def literal_of(value):
    """Python that is exactly this value of JSON."""
    if depth_of(value) > 50:
        # Python's parser has a limit of its own.
        return '__import__("json").loads(%r)' % json.dumps(value)
    if isinstance(value, float) and value - value != 0:
        return 'float("%r")' % value
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(literal_of, value))
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%r: %s" % (key, literal_of(entry)) for key, entry in value.items())
    return repr(value)


def depth_of(value):
    deepest, pending = 0, [(value, 1)]
    while pending:
        one, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        pending.extend((entry, depth + 1) for entry in inner)
    return deepest


# --- what tagged cells printed


def printed_values(notebook, tag, runner):
    """What cells with the tag printed: Python literals (or JSON) of mappings."""
    values = {}
    for cell in notebook["cells"]:
        if tag not in tags_of(cell):
            continue
        for part in mappings_in(printed(cell), runner):
            for name, value in part.items():
                if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
                    raise runner.Failure('the cell tagged "%s" printed the key %r, which cannot be the name of a parameter' % (tag, name))
                values[name] = runner.part("to_json")(value, name)
    return values


def printed(cell):
    outputs = cell.get("outputs", [])
    streams = [text_of(one["text"]) for one in outputs if one.get("output_type") == "stream" and one.get("name") == "stdout"]
    if "".join(streams).strip():
        return "".join(streams)
    results = [one["data"].get("text/plain", "") for one in outputs if one.get("output_type") == "execute_result"]
    return "\n".join(text_of(one) for one in results)


def mappings_in(text, runner):
    """The mappings in a text: one, or one a line."""
    whole = value_in(text)
    if isinstance(whole, dict):
        return [whole]
    lines = [value_in(line) for line in text.splitlines() if line.strip()]
    if all(isinstance(line, dict) for line in lines):
        return lines
    shown = " ".join(text.split())
    raise runner.Failure("a tagged cell printed %s, which is not a mapping; print({...})" % (shown if len(shown) <= 60 else shown[:57] + "..."))


def value_in(text):
    import ast

    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return None
