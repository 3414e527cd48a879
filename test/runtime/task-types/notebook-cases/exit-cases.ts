import { json, type NotebookCase, tagged } from "./notebook-case.ts";

const rows = json("rows");
const never = "raise ValueError('never')";

/** How a notebook ends before its last cell. */
export const exitCases: readonly NotebookCase[] = [
  {
    about: "sys.exit() is success, and what was set is published",
    cells: ["import sys\nrows = 7", "sys.exit()\nrows = 8", never],
    given: { returns: rows },
    want: { delta: { rows: 7 }, executed: ["1", "2 error", "-"] },
  },
  {
    about: "sys.exit(0) in a function",
    cells: ["import sys\nrows = 0\ndef leave():\n  sys.exit(0)", "if rows == 0:\n  leave()", never],
    given: { returns: rows },
    want: { delta: { rows: 0 } },
  },
  {
    about: "sys.exit(3) fails with that code",
    cells: ["import sys\nrows = 1\nsys.exit(3)", never],
    given: { returns: rows },
    want: { reason: "exit", exitCode: 3, message: "exit code 3" },
  },
  {
    about: "sys.exit(256) is 0 as for every process",
    cells: ["import sys\nrows = 1\nsys.exit(256)"],
    given: { returns: rows },
    want: { delta: { rows: 1 } },
  },
  {
    about: "sys.exit(text) fails with the text",
    cells: ["import sys\nsys.exit('no data for today')", never],
    want: { reason: "exit", message: "no data for today", stderr: /no data for today/ },
  },
  {
    about: "sys.exit('0') is a text, too",
    cells: ["import sys\nsys.exit('0')"],
    want: { reason: "exit", message: "0" },
  },
  {
    about: "a subclass of SystemExit",
    cells: ["class Enough(SystemExit):\n  pass\nrows = 3\nraise Enough(0)", never],
    given: { returns: rows },
    want: { delta: { rows: 3 } },
  },
  {
    about: "exit() ends the notebook where it stands, and nothing depends on how fast the kernel stops",
    cells: ["rows = 1\nexit()\nrows = 2", never],
    given: { returns: rows },
    want: { delta: { rows: 1 } },
  },
  {
    about: "quit as IPython takes it, without parentheses, after a reset",
    cells: ["%reset -f", "rows = 1", "quit", never],
    given: { returns: rows },
    want: { delta: { rows: 1 } },
  },
  {
    about: "exit(4) fails with that code",
    cells: ["exit(4)", never],
    want: { reason: "exit", exitCode: 4, message: "exit code 4" },
  },
  {
    about: "the shell is asked to exit: the cell ends first",
    cells: ["get_ipython().ask_exit()\nrows = 5", never],
    given: { returns: rows },
    want: { delta: { rows: 5 } },
  },
  {
    about: "an exit in a cell that awaits",
    cells: ["import asyncio, sys\nrows = 6\nawait asyncio.sleep(0)\nsys.exit(0)", never],
    given: { returns: rows },
    want: { delta: { rows: 6 } },
  },
  {
    about: "an exit in a cell that may raise is one of its exceptions",
    cells: ["import sys", tagged("raises-exception", "sys.exit(3)"), "rows = 9"],
    given: { returns: rows },
    want: { delta: { rows: 9 }, executed: ["1", "2 error", "3"] },
  },
  {
    about: "an early exit without what returns names",
    cells: ["import sys\nsys.exit(0)", "rows = 1"],
    given: { returns: rows },
    want: { reason: "missing-output", exitCode: 0, message: /"rows"/ },
  },
  {
    about: "what was answered before an early exit counts",
    cells: [
      "from magnus import set_parameter, track_this\nset_parameter(a=1)\ntrack_this(loss=0.5, step=2)",
      { source: "print({'b': 2})", tags: ["magnus_output"] },
      "import os\nos.environ['MAGNUS_PRM_c'] = '3'\nexit()",
      { source: "print({'never': 2})", tags: ["magnus_output"] },
    ],
    want: { delta: { a: 1, b: 2, c: 3 }, metrics: [{ metrics: { loss: 0.5 }, step: 2 }] },
  },
  {
    about: "a process that leaves without Python's knowledge is a failure, also with 0",
    cells: ["import os\nprint('before', flush=True)\nos._exit(0)", never],
    want: {
      reason: "exception",
      message: "train.ipynb, cell 1: the kernel ended with exit code 0",
    },
  },
  {
    about: "a kernel that is killed",
    cells: ["rows = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", never],
    given: { returns: rows },
    want: {
      reason: "exception",
      exitCode: 137,
      message: "train.ipynb, cell 2: the kernel was killed by SIGKILL (out of memory?)",
    },
  },
  {
    about: "a kernel that crashes",
    cells: ["import os, signal\nos.kill(os.getpid(), signal.SIGABRT)"],
    want: { reason: "exception", exitCode: 134, message: "train.ipynb, cell 1: the kernel was killed by SIGABRT" },
  },
];
