"""Runs the cells of a notebook in its kernel, over Jupyter's messages, so that a notebook means the same whichever of
Jupyter's programs is installed. jupyter_client starts the kernel and speaks with it; nbclient, which papermill and
nbconvert bring too, keeps the cells' outputs. What failed is told by the kernel's replies and by nothing else.
"""
import os
import signal
import sys

# Seconds: until a kernel answers for the first time; that one which is to stop may take to end its cell; without any
# message, after which a reply is believed although the kernel never said that it is idle.
START, INTERRUPT, SILENCE = 120, 2, 20

RECORDED = ("execute_input", "stream", "display_data", "execute_result", "error", "update_display_data", "clear_output")


class Died(Exception):
    """The kernel's process has ended. `code`: its exit code, or minus the signal's number; None: unknown."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

    def __str__(self):
        if self.code is None or self.code >= 0:
            return "the kernel ended" + ("" if self.code is None else " with exit code %d" % self.code)
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = "signal %d" % -self.code
        return "the kernel was killed by %s%s" % (name, " (out of memory?)" if name == "SIGKILL" else "")


class Kernel:
    """`stopped` may be set by a handler of signals: the code with which this process is to exit."""

    def __init__(self, name, file):
        """Starts the kernel of that name; `file` is where it finds how to connect. Raises Died, RuntimeError, OSError."""
        import zmq
        from jupyter_client.manager import KernelManager

        self.running = False
        self.stopped = None
        self.group = None
        self.client = None
        self.cells = {}
        self.notebook = self.recorder = None
        self.manager = KernelManager(kernel_name=name, connection_file=file)
        self.said = LastWords()
        try:
            self.start_process()
            process = self.process()
            self.group = process and process.pid
            self.client = self.manager.client()
            # The queue of what the kernel prints has no limit here: it would drop messages.
            self.client.context.setsockopt(zmq.RCVHWM, 0)
            self.client.start_channels(stdin=False, hb=False)
            self.client.wait_for_ready(timeout=START)
            self.language = self.client.kernel_info(reply=True, timeout=START)["content"].get("language_info", {})
        except BaseException as error:
            code = self.exit_code()
            self.kill()
            if isinstance(error, RuntimeError) and code is not None:
                self.said.show()
                raise Died(code) from None
            raise

    def open(self, notebook):
        """The notebook whose cells run(…, index) fills with their outputs."""
        import logging

        import nbformat
        from nbclient import NotebookClient

        quiet = logging.getLogger("magnus.notebook")
        quiet.disabled = True
        self.notebook = nbformat.from_dict(notebook)
        self.recorder = NotebookClient(self.notebook, km=self.manager, record_timing=False, log=quiet)
        self.recorder.kc = self.client

    def start_process(self):
        spec = self.manager.kernel_spec
        options = {}
        if any("ipykernel" in part for part in spec.argv):
            options["extra_arguments"] = ["--HistoryManager.hist_file=:memory:"]
            # It sends what programs print to the cell, and prints it once more.
            options["stdout"] = options["stderr"] = self.said.listen()
        if sys.platform == "linux" and "kernel_provisioner" not in (getattr(spec, "metadata", None) or {}):
            options["preexec_fn"] = death_with_this_process()
        try:
            self.manager.start_kernel(**options)
        finally:
            self.said.started()

    def process(self):
        """The kernel's process; None where something else than this process starts kernels."""
        provisioner = getattr(self.manager, "provisioner", None)
        return getattr(provisioner, "process", None) or getattr(self.manager, "kernel", None)

    def exit_code(self):
        process = self.process()
        return process.poll() if hasattr(process, "poll") else None

    def run(self, source, index=None):
        """Runs the source as the cell at the index; without one unseen. Gives the content of the kernel's reply.

        Raises Died, and SystemExit with the code `stopped`, where that is set meanwhile.
        """
        seen = index is not None
        if seen:
            self.recorder.clear_before_next_output = False
        request = self.client.execute(source, silent=not seen, store_history=seen, allow_stdin=False, stop_on_error=False)
        self.cells[request] = index
        self.running = True
        try:
            return self.reply_to(request)
        finally:
            self.running = False

    def reply_to(self, request):
        idle, reply, silence = False, None, 0.0
        while not (idle and reply):
            if self.stopped is not None:
                self.interrupt(request)
                sys.exit(self.stopped)
            if not idle:
                message = received(self.client.get_iopub_msg, 0.5)
                if message is not None:
                    idle, silence = self.take(message) == request, 0.0
                    continue
            message = received(self.client.get_shell_msg, 0.5 if idle else 0.01)
            if message is not None:
                reply = message["content"] if parent_of(message) == request else reply
                continue
            silence += 0.5
            if not self.manager.is_alive():
                self.take_rest(0.2)
                self.said.show()
                raise Died(self.exit_code())
            if reply is not None and silence >= SILENCE:
                return reply
        return reply

    def take(self, message):
        """Shows what cells print, keeps outputs. Gives the request to which the kernel is done, or None."""
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            return parent_of(message) if content["execution_state"] == "idle" else None
        if kind == "stream":
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            stream.write(content["text"])
            stream.flush()
        # What a thread prints later belongs to the cell that started it.
        index = self.cells.get(parent_of(message))
        if index is not None and (kind in RECORDED or kind.startswith("comm")):
            try:
                self.recorder.process_message(message, self.notebook.cells[index], index)
            except Exception as error:
                print("magnus: an output is not in the executed notebook: %r" % error, file=sys.stderr)
        return None

    def take_rest(self, seconds):
        """Until nothing has come for that long."""
        message = received(self.client.get_iopub_msg, seconds)
        while message is not None:
            self.take(message)
            message = received(self.client.get_iopub_msg, seconds)

    def interrupt(self, request):
        """Lets the cell end by itself, as ^C does, for a short time."""
        import time

        self.manager.interrupt_kernel()
        until = time.monotonic() + INTERRUPT
        while time.monotonic() < until and self.manager.is_alive():
            message = received(self.client.get_iopub_msg, 0.2)
            if message is not None and self.take(message) == request:
                return

    def end(self):
        """The kernel ends as it likes to, in five seconds at most."""
        self.manager.shutdown_kernel()
        self.take_rest(0.05)
        self.client.stop_channels()
        self.client = None

    def kill(self):
        """Kernel and what it has started, where there is still something of it."""
        try:
            if self.client is not None:
                self.client.stop_channels()
            if self.group is not None and self.manager.has_kernel:
                os.killpg(self.group, signal.SIGKILL)
            if self.manager.has_kernel:
                self.manager.shutdown_kernel(now=True)
            self.manager.cleanup_resources()
        except (OSError, RuntimeError):
            pass  # it is gone

    def executed(self):
        """The notebook with what was put out, as a value of JSON."""
        self.recorder.set_widgets_metadata()
        self.notebook.metadata["language_info"] = self.language
        for cell in self.notebook.cells:
            if "outputs" in cell:
                cell["outputs"] = joined_streams(cell["outputs"])
        return self.notebook


class LastWords:
    """What a kernel's process itself prints: of interest where it dies. The end of it is kept."""

    def __init__(self):
        self.write_end = self.thread = None
        self.text = b""

    def listen(self):
        """Gives the file descriptor for the process."""
        from threading import Thread

        read_end, self.write_end = os.pipe()
        self.thread = Thread(target=self.read, args=(read_end,), daemon=True)
        self.thread.start()
        return self.write_end

    def read(self, read_end):
        chunk = os.read(read_end, 65536)
        while chunk:
            self.text = (self.text + chunk)[-8192:]
            chunk = os.read(read_end, 65536)

    def started(self):
        if self.write_end is not None:
            os.close(self.write_end)
            self.write_end = None

    def show(self):
        if self.thread is not None:
            # Other processes may have it open still.
            self.thread.join(0.5)
        sys.stderr.write(self.text.decode("utf-8", "replace"))
        sys.stderr.flush()


def death_with_this_process():
    """What a process does first to be killed when this one is gone, however that ends; see prctl(2), PR_SET_PDEATHSIG."""
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    parent = os.getpid()

    def ask():
        prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def received(get, seconds):
    from queue import Empty

    try:
        return get(timeout=seconds)
    except Empty:
        return None


def parent_of(message):
    return message["parent_header"].get("msg_id")


def joined_streams(outputs):
    """As Jupyter saves it: what was printed in a row is one output. Kernels send it as it comes."""
    joined = []
    texts = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("output_type") == "stream" and last["name"] == output["name"]:
            texts[-1].append(output["text"])
        else:
            joined.append(output)
            texts.append([output.get("text", "")])
    for output, text in zip(joined, texts):
        if output["output_type"] == "stream":
            output["text"] = "".join(text)
    return joined
