"""Executes the notebook of a notebook task. The shim runs this file by its path.

Argument: JSON {command, parameters, result, answers, output, tag, returns: [{name, kind}], path: [folder], jupyter}.
`command` is the notebook, `output` where the executed one is written, `tag` that of the cells whose output is read,
`jupyter` the program of that name or null.
Result: JSON {returned, metrics, objects, environment, executed, failure: {reason, message, traceback}} in the file
`result`, written whole or not at all; `executed` tells whether `output` was written.

Needs nbclient (papermill and nbconvert bring it) in this Python, or in that of the program jupyter. A Python kernel is
asked twice besides its cells: before the first, to find the project's modules, and after the last, to write down what
the notebook answers (_kernel.py).
"""
import importlib.util
import os
import signal
import sys


def main():
    runner = sibling("_runner")
    request = runner.from_json(sys.argv[1])
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's folder
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    execution = Execution(request, runner)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, execution.on_signal)
    code = 1
    try:
        if importlib.util.find_spec("nbclient") is None:
            become_jupyter(request, runner)
        code = execution.run()
    except runner.Failure as failure:
        print("magnus: " + str(failure), file=sys.stderr)
        execution.fail(failure.reason, str(failure))
    except Exception as error:
        print(runner.traceback_of(error), end="", file=sys.stderr)
        execution.fail("exception", runner.one_line(error))
    finally:
        runner.write_result(request["result"], execution.result)
    sys.exit(code)


# --- the Python that drives the kernel


def become_jupyter(request, runner):
    """Goes on in the Python of the program jupyter. Raises a failure where there is none that would do."""
    python = python_of(request["jupyter"], request["answers"] + ".config.py") if request["jupyter"] else None
    if python is None:
        what = "papermill, nbclient or Jupyter's nbconvert; %s has none of them" % sys.executable
        raise runner.Failure("a notebook needs %s (pip install papermill ipykernel)" % what, "cannot-start")
    os.execv(python, [python, os.path.abspath(__file__), runner.json_text(dict(request, jupyter=None))])


def python_of(jupyter, question):
    """The Python of the program, which may be a wrapper. Jupyter's configuration is Python, so that it can say it itself."""
    import subprocess

    with open(question, "w", encoding="utf-8") as file:
        file.write("import sys\nprint('\\nmagnus:' + sys.executable, flush=True)\nsys.exit(0)\n")
    try:
        command = [jupyter, "kernelspec", "list", "--config=" + question]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    finally:
        os.remove(question)
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    return next((line[len("magnus:") :] for line in lines if line.startswith("magnus:")), None)


# --- the execution


class Execution:
    def __init__(self, request, runner):
        self.request = request
        self.runner = runner
        self.result = {}
        self.kernel = None
        # The cell that runs, or ran last.
        self.at = None
        self.cells = sibling("_notebook_cells")
        self.kernels = sibling("_notebook_kernel")

    def on_signal(self, number, frame):
        """Ends the execution as sys.exit() does; a cell that runs is interrupted first."""
        if self.kernel is not None and self.kernel.running and self.kernel.stopped is None:
            self.kernel.stopped = 128 + number
        else:
            sys.exit(128 + number)

    def run(self):
        """Gives the exit code; everything else is in the result."""
        notebook = self.cells.read_notebook(self.request["command"], self.runner)
        kernel = self.kernel = self.start_kernel(notebook)
        try:
            self.open(notebook)
            code = self.end(self.run_cells())
            kernel.end()
            return code
        except self.kernels.Died as died:
            code, where = died.code, self.place()
            message = "%s: %s" % (where, died)
            print("magnus: " + message, file=sys.stderr)
            self.fail("exception", message)
            return 128 - code if code is not None and code < 0 else 1
        finally:
            # Also where something ended the execution from outside: what was executed so far.
            kernel.kill()
            if kernel.notebook is not None:
                self.cells.write_notebook(kernel.executed(), self.request["output"])
                self.result["executed"] = True

    def start_kernel(self, notebook):
        language, own = self.cells.language_of(notebook), self.cells.kernel_of(notebook)
        failure = self.runner.Failure
        name = kernel_for(own, language)
        if name is None:
            wanted = own or "for " + language
            remedy = " (pip install ipykernel)" if language == "python" else ""
            raise failure("%s needs the kernel %s, which is not here%s" % (self.request["command"], wanted, remedy), "cannot-start")
        try:
            return self.kernels.Kernel(name, self.request["answers"] + ".kernel.json")
        except (self.kernels.Died, RuntimeError, OSError) as error:
            raise failure("the kernel %s did not start: %s" % (name, error), "cannot-start") from None

    def open(self, notebook):
        """Prepares kernel and notebook for the first cell."""
        parameters = self.parameters()
        self.is_python = self.kernel.language.get("name", "").lower().startswith(("python", "ipython"))
        if parameters and self.is_python:
            self.cells.inject(notebook, parameters)
        elif parameters:
            print("magnus: %s is no Python notebook: its parameters are in the environment only" % self.request["command"], file=sys.stderr)
        self.kernel.open(notebook)
        if self.is_python:
            self.ask("begin", dict(self.request, folder=os.getcwd()))

    def parameters(self):
        import keyword

        with open(self.request["parameters"], encoding="utf-8") as file:
            parameters = self.runner.from_json(file.read(), self.runner.Given)
        # A parameter `class` cannot be assigned; the environment has it.
        return {name: value for name, value in parameters.items() if not keyword.iskeyword(name)}

    def run_cells(self):
        """Up to the first cell that ends the notebook; gives the kernel's reply to the last one."""
        reply = {"status": "ok"}
        for index, cell in enumerate(self.kernel.notebook["cells"]):
            source, tags = self.cells.text_of(cell["source"]), self.cells.tags_of(cell)
            if cell["cell_type"] != "code" or not source.strip() or "skip-execution" in tags:
                continue
            self.at = cell
            reply = self.kernel.run(source, index)
            if reply["status"] != "ok" and "raises-exception" in tags:
                reply = {"status": "ok"}
            if reply["status"] != "ok" or any(one.get("source") == "ask_exit" for one in reply.get("payload") or []):
                break
        return reply

    def end(self, reply):
        """The exit code after the last reply; reads what the notebook answers, also of one that failed."""
        failed = reply["status"] != "ok"
        answers = {}
        if self.is_python:
            answers = self.ask("end", dict(self.request, error=reply.get("ename", "Error") if failed else None))
            self.result.update((name, value) for name, value in answers.items() if name != "exit")
        if "exit" in answers:
            failed = answers["exit"] != 0
        if failed:
            return self.report(reply, answers.get("exit"))
        if "failure" not in self.result:
            printed = self.cells.printed_values(self.kernel.notebook, self.request["tag"], self.runner)
            self.result["returned"] = dict(printed, **self.result.get("returned", {}))
            return 0
        print("magnus: " + self.result["failure"]["message"], file=sys.stderr)
        return 1

    def ask(self, what, request):
        """Has _kernel.py do something in the kernel; what it answers."""
        question, answers = self.request["answers"] + ".request", self.request["answers"]
        with open(question, "w", encoding="utf-8") as file:
            file.write(self.runner.json_text(dict(request, what=what)))
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_kernel.py")
        source = '__import__("runpy").run_path(%r, {"magnus_variables": globals(), "magnus_request": %r})'
        try:
            reply = self.kernel.run(source % (program, question))
            if reply["status"] == "ok":
                with open(answers, encoding="utf-8") as file:
                    return self.runner.from_json(file.read())
        finally:
            for file in (question, answers):
                if os.path.exists(file):
                    os.remove(file)
        said = "\n".join(reply.get("traceback") or [])
        print(without_colours(said), file=sys.stderr)
        raise self.runner.Failure("the kernel of %s cannot be asked: %s" % (self.request["command"], line_of(reply)))

    # --- failures

    def report(self, reply, left):
        """The failure of the last cell; gives the exit code. `left`: the argument of sys.exit(), where that was it."""
        if left is not None:
            if isinstance(left, int):
                return left
            print(left, file=sys.stderr)
            self.fail("exit", left)
            return 1
        trace = without_colours("\n".join(reply.get("traceback") or []) or line_of(reply))
        print(trace, file=sys.stderr)
        self.fail("exception", "%s: %s" % (self.place(), line_of(reply)), trace + "\n")
        return 1

    def place(self):
        """The cell in the author's file, counted from 1."""
        name = os.path.basename(self.request["command"])
        if self.at is None:
            return name
        number = self.at.get("number")
        return "%s, %s" % (name, "cell %d" % number if number else "the cell of its parameters")

    def fail(self, reason, message, trace=None):
        self.result["failure"] = dict({"reason": reason, "message": message}, **({"traceback": trace} if trace else {}))


def kernel_for(name, language):
    """The kernel to start: the notebook's own, or, where that is not here, one of its language; None: there is neither."""
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    known = manager.find_kernel_specs()
    if name.lower() in known:
        return name
    found = "python3" if language == "python" and "python3" in known else None
    if found is None:
        specs = manager.get_all_specs()
        found = next((one for one in sorted(specs) if specs[one]["spec"].get("language", "").lower() == language), None)
    if found is not None and name:
        print('magnus: there is no kernel "%s" here; %s runs the notebook' % (name, found), file=sys.stderr)
    return found


def line_of(reply):
    name, value = reply.get("ename") or "", str(reply.get("evalue") or "")
    text = " ".join((name + (": " if name and value else "") + value).split())
    return text if name else "it failed" + (": " + text if text else "")


def without_colours(text):
    import re

    return re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", text)


def sibling(name):
    """A file beside this one as a module, whatever is on sys.path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("magnus" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
