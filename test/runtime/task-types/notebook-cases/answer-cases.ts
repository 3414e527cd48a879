import { NumberText } from "../../../../src/protocol/json.ts";
import { json, type NotebookCase, tagged } from "./notebook-case.ts";

/** What notebooks publish. */
export const answerCases: readonly NotebookCase[] = [
  {
    about: "json and metrics by name, a parameter that did not change, values that JSON knows of others",
    cells: [
      "import dataclasses, datetime, pathlib\n@dataclasses.dataclass\nclass Point:\n  x: int",
      "score = rate * 3\nunits = [3, None, rate, Point(1), pathlib.Path('a'), datetime.date(2026, 1, 2), (1, 2)]\nloss = 2",
    ],
    given: {
      visible: { rate: new NumberText("1.0"), who: "me" },
      returns: [{ name: "score", kind: "metric" }, { name: "loss", kind: "metric" }, ...json("units", "who")],
    },
    want: {
      delta: {
        score: new NumberText("3.0"),
        loss: 2,
        units: [3, null, new NumberText("1.0"), { x: 1 }, "a", "2026-01-02", [1, 2]],
        who: "me",
      },
      metrics: [{ metrics: { score: new NumberText("3.0"), loss: 2 } }],
    },
  },
  {
    about: "a name that was not set",
    cells: ["x = 1"],
    given: { returns: json("x", "y") },
    want: { reason: "missing-output", exitCode: 0, message: /"y"/ },
  },
  {
    about: "a value that is not valid JSON",
    cells: ["x = object()"],
    given: { returns: json("x") },
    want: { reason: "exception", message: /^"x" cannot be published as JSON: / },
  },
  {
    about: "an object that cannot be pickled",
    cells: ["import threading\nx = threading.Lock()"],
    given: { returns: [{ name: "x", kind: "object" }] },
    want: { reason: "exception", message: /"x" cannot be/ },
  },
  {
    about: "an object of a class that only the notebook has",
    cells: ["class Model:\n  pass\nmodel = [Model()]"],
    given: { returns: [{ name: "model", kind: "object" }] },
    want: { reason: "exception", message: /^"model" cannot be kept: Model is defined in the notebook/ },
  },
  {
    about: "an object with a function that only the notebook has, put by a cell",
    cells: ["from magnus import put_object\ndef f():\n  pass\nput_object({'f': f}, 'model')"],
    want: { reason: "exception", message: /^train\.ipynb, cell 1: MagnusError: "model" cannot be kept: f is defined/ },
  },
  {
    about: "tagged cells: Python's literals, JSON, one a line, what a cell has as its result",
    cells: [
      tagged("magnus_output", "print({'a': 1, 'b': (True, None)})"),
      tagged("magnus_output", "print('{\"c\": null}')\nprint('{\"d\": 1.0}')"),
      tagged("magnus_output", "{'e': 'x'}"),
      tagged("magnus_output", "quiet = 1"),
    ],
    want: { delta: { a: 1, b: [true, null], c: null, d: new NumberText("1.0"), e: "x" } },
  },
  {
    about: "a tagged cell that prints no mapping",
    cells: [tagged("out", "print('done')")],
    given: { notebook: { outputTag: "out" } },
    want: { reason: "exception", message: "a tagged cell printed done, which is not a mapping; print({...})" },
  },
  {
    about: "a tagged cell with a name that no parameter can have",
    cells: [tagged("magnus_output", "print({'a b': 1})")],
    want: { reason: "exception", message: /printed the key 'a b', which cannot be the name of a parameter/ },
  },
  {
    about: "variables of the environment, and the file for answers",
    cells: [
      'import json, os\nos.environ["MAGNUS_PRM_c"] = "[1.0]"\nos.environ["MAGNUS_TRACK_loss_STEP_2"] = "0.5"',
      'with open(os.environ["MAGNUS_OUTPUT_FILE"], "a") as file:\n  print(json.dumps({"parameters": {"d": 1}}), file=file)',
    ],
    want: { delta: { c: [new NumberText("1.0")], d: 1 }, metrics: [{ metrics: { loss: 0.5 }, step: 2 }] },
  },
  {
    about: "the functions of magnus",
    cells: [
      "from magnus import get_parameter, get_run_id, get_tag, put_in_catalog, set_parameter, track_this",
      "set_parameter(a=get_parameter('x') + 1, b=get_run_id(), c=get_tag())\ntrack_this(epoch=1, step=4)",
      "open('made.txt', 'w').write('1')\nput_in_catalog('made.txt')\nseen = get_parameter('a')",
    ],
    given: { visible: { x: 1 }, returns: json("seen") },
    want: { delta: { a: 2, b: "run-1", c: "nightly", seen: 2 }, metrics: [{ metrics: { epoch: 1 }, step: 4 }] },
  },
  {
    about: "metrics of a notebook that fails",
    cells: [
      "import os\nfrom magnus import track_this\ntrack_this(loss=1)\nos.environ['MAGNUS_TRACK_seen'] = '2'",
      "raise ValueError",
    ],
    given: { returns: json("x") },
    want: { reason: "exception", metrics: [{ metrics: { seen: 2 } }, { metrics: { loss: 1 }, step: 0 }] },
  },
];
