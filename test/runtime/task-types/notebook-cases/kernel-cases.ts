import { kernelNamed } from "../notebooks.ts";
import { json, type NotebookCase, tagged } from "./notebook-case.ts";

/** A kernel whose language has lines `say TEXT` (variables as in a shell), `fail TEXT`, `leave` and `die`. */
const program = `
import os
from ipykernel.kernelbase import Kernel
from ipykernel.kernelapp import IPKernelApp

class Toy(Kernel):
    implementation, implementation_version, banner = "toy", "1", ""
    language_info = {"name": "toy", "mimetype": "text/plain", "file_extension": ".toy"}

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False):
        payload = []
        for line in code.splitlines():
            word, _, text = line.partition(" ")
            if word == "say":
                content = {"name": "stdout", "text": os.path.expandvars(text) + "\\n"}
                self.send_response(self.iopub_socket, "stream", content)
            elif word == "fail":
                return {"status": "error", "ename": "", "evalue": text, "traceback": [], "execution_count": self.execution_count}
            elif word == "leave":
                payload = [{"source": "ask_exit", "keepkernel": False}]
            elif word == "die":
                os._exit(9)
        return {"status": "ok", "execution_count": self.execution_count, "payload": payload, "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Toy)
`;

const spec = (argv: readonly string[], language: string) => JSON.stringify({ argv, language, display_name: language });
const files = {
  "kernels/toy/kernel.json": spec(["python", "kernels/toy.py", "-f", "{connection_file}"], "toy"),
  "kernels/stillborn/kernel.json": spec(["python", "-c", "import sys; sys.exit('stillborn')"], "none"),
  "kernels/absent/kernel.json": spec(["/nowhere/absent", "{connection_file}"], "absent"),
  "kernels/toy.py": program,
};
const env = { JUPYTER_PATH: "." };
const toy = { form: { metadata: kernelNamed("toy", "toy") }, files, env };
const bash = { form: { metadata: kernelNamed("bash", "bash") }, files: bashFiles(), env };

function bashFiles() {
  return { "kernels/bash/kernel.json": spec(["python", "-m", "bash_kernel", "-f", "{connection_file}"], "bash") };
}

/** Kernels of other languages, and those that do not start. */
export const kernelCases: readonly NotebookCase[] = [
  {
    about: "another language has its parameters in the environment, mappings too",
    cells: ["say $x $MAGNUS_PRM_map", tagged("magnus_output", 'say {"b": [1.5, null]}'), ""],
    given: { ...toy, visible: { x: 5, map: { k: [1] } }, returns: json("b") },
    want: {
      delta: { b: [1.5, null] },
      stdout: '5 {"k": [1]}\n{"b": [1.5, null]}\n',
      executed: ["1 stream", "2 stream", "-"],
    },
  },
  {
    about: "a failure in another language",
    cells: ["say before\nfail no luck", "say never"],
    given: toy,
    want: { reason: "exception", message: "train.ipynb, cell 1: it failed: no luck", stdout: "before\n" },
  },
  {
    about: "a cell that may raise in another language, and an early end",
    cells: [tagged("raises-exception", "fail once"), "say after\nleave", "fail never"],
    given: toy,
    want: { stdout: "after\n" },
  },
  {
    about: "a kernel of another language that dies",
    cells: ["say before", "die"],
    given: toy,
    want: { reason: "exception", message: "train.ipynb, cell 2: the kernel ended with exit code 9" },
  },
  {
    about: "the language without the kernel's name",
    cells: ["say hello"],
    given: { ...toy, form: { metadata: { language_info: { name: "toy" } } } },
    want: { stdout: "hello\n" },
  },
  {
    about: "bash",
    cells: ["echo $x", "y=2", tagged("magnus_output", "echo '{\"y\": '$y'}'")],
    given: { ...bash, visible: { x: 5, map: { k: 1 } } },
    want: { delta: { y: 2 }, stdout: '5\n{"y": 2}\n' },
  },
  {
    about: "a line of bash that fails",
    cells: ["true", "echo before; false", "echo never"],
    given: { ...bash },
    want: { reason: "exception", message: "train.ipynb, cell 2: it failed: 1", stdout: "before\n" },
  },
  {
    about: "no kernel for the language",
    cells: ["1"],
    given: { form: { metadata: kernelNamed("ir", "R") } },
    want: {
      reason: "cannot-start",
      message: "train.ipynb needs the kernel ir, which is not here",
      executed: "nothing",
    },
  },
  {
    about: "a kernel that does not live long enough",
    cells: ["1"],
    given: { ...toy, form: { metadata: kernelNamed("stillborn", "none") } },
    want: {
      reason: "cannot-start",
      message: "the kernel stillborn did not start: the kernel ended with exit code 1",
      executed: "nothing",
    },
  },
  {
    about: "a kernel whose program is not there",
    cells: ["1"],
    given: { ...toy, form: { metadata: kernelNamed("absent", "absent") } },
    want: {
      reason: "cannot-start",
      message: /^the kernel absent did not start: .*\/nowhere\/absent/,
      executed: "nothing",
    },
  },
];
