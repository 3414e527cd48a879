import { type Cell, kernelNamed, notebookText } from "../notebooks.ts";
import { json, type NotebookCase, tagged } from "./notebook-case.ts";

const old = { output_type: "stream", name: "stdout", text: "from long ago" };

/** Files of all ages, and cells of all kinds. */
export const cellCases: readonly NotebookCase[] = [
  { about: "no cells", cells: [], want: { executed: [] } },
  {
    about: "no code",
    cells: [
      { source: "# Title", type: "markdown" },
      { source: "raw", type: "raw" },
    ],
    want: { executed: ["", ""] },
  },
  {
    about: "empty cells are not run",
    cells: ["", " \n\t\n", "seen = 1", "# a comment"],
    given: { returns: json("seen") },
    want: { delta: { seen: 1 }, executed: ["-", "-", "1", "2"] },
  },
  ...[0, 1, 2, 3, 4, 5].map(
    (minor): NotebookCase => ({
      about: `format 4.${minor}, with ids as it has them`,
      cells: ["seen = x + 1", { source: ["print(seen)\n", "seen += 1\n", "seen"] }],
      given: { form: { minor }, visible: { x: 1 }, returns: json("seen") },
      want: {
        delta: { seen: 3 },
        stdout: "2\n",
        executed: ["1", "2", "3 stream execute_result"],
        ...(minor < 5 ? { lacks: /"id":/ } : { holds: /"id": "cell-1"/ }),
      },
    }),
  ),
  {
    about: "outputs of an earlier execution go, also of cells that do not run",
    cells: [
      { source: "print('new')", outputs: [old] },
      { source: "1 / 0", tags: ["skip-execution"], outputs: [old] },
      { source: "", outputs: [old] },
    ],
    want: { stdout: "new\n", executed: ["1 stream", "-", "-"], lacks: /long ago/ },
  },
  {
    about: "a byte order mark",
    given: { files: { "train.ipynb": `\ufeff${notebookText(["seen = 1"])}` }, returns: json("seen") },
    want: { delta: { seen: 1 } },
  },
  {
    about: "no word about its kernel",
    cells: ["seen = 1"],
    given: { form: { metadata: {} }, returns: json("seen") },
    want: { delta: { seen: 1 }, holds: /"language_info"/ },
  },
  {
    about: "metadata that are nothing",
    given: {
      files: {
        "train.ipynb":
          '{"nbformat": 4, "metadata": {"kernelspec": null, "language_info": 1}, "cells": [{"cell_type": "code", "source": "seen = 1", "metadata": {"tags": "parameters"}}, {"cell_type": "code", "source": ["seen += x"]}]}',
      },
      visible: { x: 1 },
      returns: json("seen"),
    },
    want: { delta: { seen: 2 } },
  },
  {
    about: "the kernel of another machine",
    cells: ["import os, beside\nseen = [beside.twice(4), os.path.exists('beside.py')]"],
    given: {
      form: { metadata: kernelNamed("conda-env-else-py") },
      files: { "beside.py": "def twice(x):\n  return 2 * x\n" },
      returns: json("seen"),
    },
    want: { delta: { seen: [8, true] }, stderr: /there is no kernel "conda-env-else-py" here; python3 runs/ },
  },
  {
    about: "the first cell that fails is the last one, with its place and the author's own frames",
    cells: ["print('before')", "def f():\n  raise ValueError('too\\nbad')", "f()", "print('after')"],
    want: {
      reason: "exception",
      message: "train.ipynb, cell 3: ValueError: too bad",
      stdout: "before\n",
      stderr: /Cell[\s\S]*in f\(\)[\s\S]*ValueError: too\nbad/,
      executed: ["1 stream", "2", "3 error", "-"],
    },
  },
  {
    about: "an exception of the author's own",
    cells: ["class Broken(Exception):\n  def __str__(self):\n    return ''", "raise Broken"],
    want: { reason: "exception", message: "train.ipynb, cell 2: Broken" },
  },
  {
    about: "a cell that is no Python",
    cells: ["x = (1"],
    want: { reason: "exception", message: /^train\.ipynb, cell 1: SyntaxError: / },
  },
  {
    about: "a cell that may raise, and does",
    cells: [tagged("raises-exception", "1 / 0"), tagged("raises-exception", "x = ("), "seen = 1"],
    given: { returns: json("seen") },
    want: { delta: { seen: 1 }, executed: ["1 error", "2 error", "3"] },
  },
  {
    about: "a cell that may raise, and does not; one that may not, after it",
    cells: [tagged("raises-exception", "seen = 1"), "1 / 0"],
    want: { reason: "exception", message: /^train\.ipynb, cell 2: ZeroDivisionError/, executed: ["1", "2 error"] },
  },
  {
    about: "a magic that does not exist, first",
    cells: ["%nosuchmagic", "seen = 1"],
    want: {
      reason: "exception",
      message: /^train\.ipynb, cell 1: UsageError: .*nosuchmagic/,
      executed: ["1 stream", "-"],
    },
  },
  {
    about: "a magic for a whole cell that does not exist",
    cells: ["seen = 1", "%%nosuchmagic\nfoo"],
    want: { reason: "exception", message: /^train\.ipynb, cell 2: UsageError: .*nosuchmagic/ },
  },
  {
    about: "magics, and programs by them; only what raises fails",
    cells: [
      "%%capture caught\nprint('hidden')",
      "%time a = 1\n%env MAGNUS_PRM_b=2\n!echo by the shell\n!exit 3",
      "%%bash\necho by bash",
      "seen = [caught.stdout, a, _exit_code]",
    ],
    given: { returns: json("seen") },
    want: { delta: { seen: ["hidden\n", 1, 3], b: 2 }, stdout: /by the shell\r?\n[\s\S]*by bash\n/ },
  },
  {
    about: "a script by a magic that fails",
    cells: ["%%bash\necho before\nexit 3", "seen = 1"],
    want: { reason: "exception", message: /^train\.ipynb, cell 1: CalledProcessError: /, stdout: "before\n" },
  },
  {
    about: "a traceback that is only shown is no failure",
    cells: ["try:\n  1 / 0\nexcept ZeroDivisionError:\n  get_ipython().showtraceback()", "seen = 1"],
    given: { returns: json("seen") },
    want: { delta: { seen: 1 }, executed: ["1 error", "2"] },
  },
  {
    about: "await in cells, tasks that go on",
    cells: [
      "import asyncio\nasync def f(x):\n  await asyncio.sleep(0.01)\n  return x\ntask = asyncio.ensure_future(f(1))",
      "seen = [await task] + await asyncio.gather(f(2), f(3))",
    ],
    given: { returns: json("seen") },
    want: { delta: { seen: [1, 2, 3] } },
  },
  {
    about: "an await that fails",
    cells: ["async def f():\n  raise KeyError('k')\nawait f()"],
    want: { reason: "exception", message: "train.ipynb, cell 1: KeyError: 'k'" },
  },
  {
    about: "displays that are updated and cleared",
    cells: [
      "from IPython.display import HTML, Markdown, clear_output, display\nh = display(HTML('<b>1</b>'), display_id=True)",
      "h.update(HTML('<b>2</b>'))\nprint('gone')\nclear_output(wait=True)\nprint('kept')",
      "display(Markdown('m'))\n'result'",
    ],
    want: {
      stdout: "gone\nkept\n",
      executed: ["1 display_data", "2 stream", "3 display_data execute_result"],
      holds: /<b>2<\/b>/,
      lacks: /<b>1<\/b>[^']|"gone/,
    },
  },
  {
    about: "what programs and threads print",
    cells: [
      "import os, sys, threading\nprint('out')\nprint('err', file=sys.stderr)\nos.system('echo by a program')",
      "go = threading.Event()\nthread = threading.Thread(target=lambda: (go.wait(), print('by a thread')))\nthread.start()",
      "go.set()\nthread.join()\nprint('\\x1b[1mbold\\x1b[0m\\rback ö 😀')",
    ],
    want: {
      stdout: /^(out\nby a program|by a program\nout)\nby a thread\n/,
      stderr: /(^|\n)err\n/,
      holds: /back ö 😀/,
    },
  },
  {
    about: "large outputs, and many",
    cells: [
      "for i in range(5):\n  print('x' * 1_000_000)",
      "for i in range(3000):\n  display(i)",
      "{i: 'y' * 100 for i in range(1000)}",
    ],
    want: {
      stdout: `${"x".repeat(1_000_000)}\n`.repeat(5),
      executed: ["1 stream", `2 ${"display_data ".repeat(3000).trimEnd()}`, "3 execute_result"],
    },
  },
  {
    about: "nobody is there to answer input()",
    cells: ["name = input('who? ')"],
    want: { reason: "exception", message: /^train\.ipynb, cell 1: StdinNotImplementedError: / },
  },
  ...brokenFiles(),
];

function brokenFiles(): readonly NotebookCase[] {
  const broken: readonly (readonly [about: string, text: string, message: RegExp])[] = [
    ["no JSON", "print(1)", /^the notebook train\.ipynb is not valid JSON: /],
    [
      "format 3",
      '{"nbformat": 3, "worksheets": []}',
      /^train\.ipynb is not a notebook of format 4; open it in Jupyter/,
    ],
    ["a cell without source", '{"nbformat": 4, "cells": [{"cell_type": "code"}]}', /^train\.ipynb, cell 1 is invalid/],
  ];
  return broken.map(([about, text, message]) => ({
    about,
    cells: [] satisfies Cell[],
    given: { files: { "train.ipynb": text } },
    want: { reason: "cannot-start", message, executed: "nothing" },
  }));
}
