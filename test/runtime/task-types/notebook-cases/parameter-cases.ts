import { NumberText } from "../../../../src/protocol/json.ts";
import { json, type NotebookCase, tagged } from "./notebook-case.ts";

const parameters = tagged("parameters", "x = 1\ny = 2");
const injected = tagged("injected-parameters", "# Parameters\nx = 10\ny = 20");

/** What the cell of parameters sets, and where it stands. */
export const parameterCases: readonly NotebookCase[] = [
  {
    about: "each type of JSON has its value and type",
    cells: ["seen = [repr(i), repr(f), repr(big), repr(zero), repr(t), repr(n), repr(l), repr(m)]"],
    given: {
      visible: {
        i: 3,
        f: new NumberText("1.0"),
        big: new NumberText("123456789012345678901234567890"),
        zero: new NumberText("-0.0"),
        t: true,
        n: null,
        l: [1, [new NumberText("2.50"), { a: null }], []],
        m: { k: [true, false], 'it\'s "q"': "v" },
      },
      returns: json("seen"),
    },
    want: {
      delta: {
        seen: [
          "3",
          "1.0",
          "123456789012345678901234567890",
          "-0.0",
          "True",
          "None",
          "[1, [2.5, {'a': None}], []]",
          "{'k': [True, False], 'it\\'s \"q\"': 'v'}",
        ],
      },
      executed: ["1", "2"],
    },
  },
  {
    about: "numbers beyond every float fail before a cell runs, also within lists",
    cells: ["print('ran')"],
    given: { visible: { values: { a: [new NumberText("-1e999"), 1] } } },
    want: { reason: "exception", message: "the number -1e999 is too large for a float", executed: "nothing" },
  },
  {
    about: "texts keep quotes, breaks, backslashes, NUL, and what is no character",
    cells: ["seen = [len(t), [ord(c) for c in odd], code]"],
    given: {
      visible: { t: 'it\'s "ö"\n\\n\r\t\'\'\'"""', odd: "\u2028\u0000\ud800\u{1f600}", code: "1 / 0  # {x} %s" },
      returns: json("seen"),
    },
    want: { delta: { seen: [19, [0x2028, 0, 0xd800, 0x1f600], "1 / 0  # {x} %s"] } },
  },
  {
    about: "values nested deeper than Python's parser allows",
    cells: ["depth = 0\nwhile nested:\n  nested = nested[0]\n  depth += 1"],
    given: { visible: { nested: JSON.parse(`${"[".repeat(150)}${"]".repeat(150)}`) }, returns: json("depth") },
    want: { delta: { depth: 149 } },
  },
  {
    about: "names that cannot be assigned are in the environment only, others may hide what Python has",
    cells: ["import os\nseen = [os.environ['MAGNUS_PRM_class'], list, sum]"],
    given: { visible: { class: "c", None: 1, list: [1], sum: 2 }, returns: json("seen") },
    want: { delta: { seen: ['"c"', [1], 2] } },
  },
  {
    about: "they come after the tagged cell, and are counted as a cell",
    cells: [{ source: "# Title", type: "markdown" }, "a = 1", parameters, "seen = [x, y]"],
    given: { visible: { x: 5 }, returns: json("seen") },
    want: { delta: { seen: [5, 2] }, executed: ["", "1", "2", "3", "4"], holds: /"injected-parameters"[\s\S]*x = 5/ },
  },
  {
    about: "without a tagged cell they come first",
    cells: [{ source: "# Title", type: "markdown" }, "seen = x"],
    given: { visible: { x: 5 }, returns: json("seen") },
    want: { delta: { seen: 5 }, executed: ["1", "", "2"] },
  },
  {
    about: "what was injected before is replaced, at its place",
    cells: ["x = y = 0", injected, "seen = [x, y]"],
    given: { visible: { x: 5 }, returns: json("seen") },
    want: { delta: { seen: [5, 0] }, executed: ["1", "2", "3"], lacks: /x = 10/ },
  },
  {
    about: "what was injected before comes after a tagged cell all the same",
    cells: [injected, parameters, "seen = [x, y]"],
    given: { visible: { x: 5 }, returns: json("seen") },
    want: { delta: { seen: [5, 2] }, executed: ["1", "2", "3"], lacks: /x = 10/ },
  },
  {
    about: "without parameters, what was injected before stays",
    cells: [parameters, injected, "seen = [x, y]"],
    given: { returns: json("seen") },
    want: { delta: { seen: [10, 20] }, executed: ["1", "2", "3"] },
  },
  {
    about:
      "a failure is counted in the author's file: without the cell that was put between, with one that stood there",
    cells: [parameters, injected, "1 / (x - 5)"],
    given: { visible: { x: 5 } },
    want: { reason: "exception", message: "train.ipynb, cell 3: ZeroDivisionError: division by zero" },
  },
  {
    about: "many and long parameters",
    cells: ["seen = [len(long), p0 + p299, len(rows)]"],
    given: {
      visible: {
        long: "x".repeat(300_000),
        rows: Array.from({ length: 5000 }, (_, i) => i),
        ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, i])),
      },
      returns: json("seen"),
    },
    want: { delta: { seen: [300_000, 299, 5000] } },
  },
];
