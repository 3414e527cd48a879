"""What can execute a notebook. Each engine has `injects_parameters` and `execute(notebook, work, runner)`, which runs it
in the working directory up to the first cell that fails, shows what the cells print as they print it (nbconvert: at the
end), leaves the executed notebook in work["executed"], and gives what went wrong besides cells, as an exception or None.
"""
import importlib.util
import json
import os
import sys


def choose(jupyter):
    """The first that is there: papermill, nbclient, nbconvert."""
    if importlib.util.find_spec("papermill") is not None:
        return Papermill()
    if importlib.util.find_spec("nbclient") is not None and importlib.util.find_spec("nbformat") is not None:
        return Nbclient()
    if jupyter is not None:
        return Nbconvert([jupyter, "nbconvert"])
    if importlib.util.find_spec("nbconvert") is not None:
        return Nbconvert([sys.executable, "-m", "nbconvert"])
    return None


def kernel_of(notebook, is_python):
    """The kernel to start: the notebook's own, or, of a Python notebook from another machine, the one that is here."""
    name = notebook["metadata"].get("kernelspec", {}).get("name") or "python3"
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        return name
    known = KernelSpecManager().find_kernel_specs()
    if is_python and name.lower() not in known and "python3" in known:
        print('magnus: there is no kernel "%s" here; python3 runs the notebook' % name, file=sys.stderr)
        return "python3"
    return name


class Papermill:
    injects_parameters = True

    def execute(self, notebook, work, runner):
        import logging

        import papermill

        # All parameters are passed, also those that a notebook does not name: that is no warning.
        logging.getLogger("papermill").setLevel(logging.ERROR)
        source, target = work["answers"] + ".in.ipynb", work["answers"] + ".out.ipynb"
        write(notebook, source)
        error = None
        try:
            papermill.execute_notebook(
                source,
                target,
                parameters=work["inject"],
                kernel_name=work["kernel"],
                language="python" if work["is_python"] else None,
                progress_bar=False,
                stdout_file=sys.stdout,
                stderr_file=sys.stderr,
            )
        except papermill.PapermillExecutionError as failed:
            error = runner.Failure(runner.one_line(failed))
        except Exception as failed:
            error = explained(failed, runner)
        finally:
            executed = read(target)
            if executed is not None:
                metadata = executed["metadata"].get("papermill", {})
                metadata.update(input_path=work["command"], output_path=work["output"])
                work["executed"] = executed
            remove(source, target)
        return error


class Nbclient:
    injects_parameters = False

    def execute(self, notebook, work, runner):
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError

        class Showing(NotebookClient):
            def process_message(self, message, cell, cell_index):
                show_message(message)
                return super().process_message(message, cell, cell_index)

        node = nbformat.from_dict(notebook)
        error = None
        try:
            Showing(node, timeout=None, kernel_name=work["kernel"]).execute()
        except CellExecutionError as failed:
            error = runner.Failure(runner.one_line(failed))
        except Exception as failed:
            error = explained(failed, runner)
        finally:
            work["executed"] = json.loads(nbformat.writes(node))
        return error


def show_message(message):
    if message["msg_type"] == "stream":
        stream = sys.stderr if message["content"]["name"] == "stderr" else sys.stdout
        stream.write(message["content"]["text"])
        stream.flush()


class Nbconvert:
    injects_parameters = False

    def __init__(self, command):
        self.command = command

    def execute(self, notebook, work, runner):
        import subprocess

        if work["is_python"]:
            stop_after_failure(notebook)
        # nbconvert starts the kernel in the notebook's folder; a Python one changes it in its first cell.
        folder = os.path.dirname(work["answers"]) if work["is_python"] else os.getcwd()
        name = ".magnus-%d" % os.getpid()
        source, target = os.path.join(folder, name + ".in.ipynb"), os.path.join(folder, name + ".out.ipynb")
        write(notebook, source)
        options = ["--to", "notebook", "--execute", "--log-level=ERROR", "--output", os.path.basename(target)]
        options += ["--ExecutePreprocessor.timeout=-1"]
        # Without it nothing is written after a failure; a Python notebook stops by itself.
        options += ["--allow-errors"] if work["is_python"] else []
        kernels = [work["kernel"]] + (["python3"] if work["is_python"] else [])
        try:
            for kernel in kernels:
                command = self.command + options + ["--ExecutePreprocessor.kernel_name=" + kernel, source]
                done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                said = done.stderr.decode("utf-8", "replace").strip()
                if "NoSuchKernel" not in said:
                    break
            executed = read(target)
        finally:
            remove(source, target)
        if executed is None:
            print(said, file=sys.stderr)
            last = said.splitlines()[-1] if said else "exit code %d" % done.returncode
            return runner.Failure("jupyter nbconvert failed: " + last)
        work["executed"] = executed
        for cell in executed["cells"]:
            for output in cell.get("outputs", []):
                if output.get("output_type") == "stream":
                    show_message({"msg_type": "stream", "content": {"name": output["name"], "text": "".join(output["text"])}})
        return None


STOP = """
def _magnus_after(result, may_raise=%r):
    error = result.error_before_exec or result.error_in_exec
    if error is not None and result.info.raw_cell not in may_raise:
        get_ipython().input_transformers_cleanup.insert(0, lambda lines: [])
get_ipython().events.register("post_run_cell", _magnus_after)
del _magnus_after"""


def stop_after_failure(notebook):
    """Lets the kernel take every cell after a failed one for an empty one: nbconvert would go on."""
    may_raise = [cell for cell in notebook["cells"] if "raises-exception" in (cell["metadata"].get("tags") or [])]
    notebook["cells"][0]["source"] += STOP % (["".join(cell["source"]) for cell in may_raise],)


def explained(error, runner):
    """What went wrong besides cells: a kernel that is not there, or died."""
    text = runner.one_line(error)
    if type(error).__name__ == "NoSuchKernel":
        return runner.Failure(text + " (pip install ipykernel)", "cannot-start")
    print(runner.traceback_of(error), end="", file=sys.stderr)
    return runner.Failure(text)


# --- files


def write(notebook, name):
    with open(name, "w", encoding="utf-8") as file:
        json.dump(notebook, file)


def read(name):
    try:
        with open(name, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def remove(*names):
    for name in names:
        if os.path.exists(name):
            os.remove(name)
