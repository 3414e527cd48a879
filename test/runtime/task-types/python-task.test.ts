import { describe, expect, it } from "vitest";
import { NumberText } from "../../../src/protocol/json.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { dataOf, kindsOf, newServices } from "../attempt/step-harness.ts";
import { python } from "./python-harness.ts";

const json = (...names: string[]) => names.map((name) => ({ name, kind: "json" }) as const);

describe("arguments", () => {
  it("are bound by name; those without annotation get the JSON value", async () => {
    const { result } = await python("def work(a, b, *, c, d=4):\n  return {'seen': [a, b, c, d]}", {
      visible: { a: 1, b: { x: [null, true] }, c: "text", other: 9 },
    });
    expect(result).toMatchObject({ status: "success", delta: { seen: [1, { x: [null, true] }, "text", 4] } });
  });

  it("keep the text of numbers both ways", async () => {
    const { result } = await python("def work(f, big):\n  return {'f': f, 'big': big + 1, 'sum': f + 1, 'n': 3}", {
      visible: { f: new NumberText("1.0"), big: new NumberText("12345678901234567890") },
    });
    expect(result.delta).toEqual({
      f: new NumberText("1.0"),
      big: new NumberText("12345678901234567891"),
      sum: new NumberText("2.0"),
      n: 3,
    });
  });

  it("give a number's text where they are annotated as one, and a number that comes back equal keeps it", async () => {
    const source = `
import decimal, typing
def work(version: str, exact: decimal.Decimal, all: "typing.List[str]", maybe: "typing.Optional[str]", whole: "str", rate, n):
  return {"seen": [version, str(exact), all, maybe, whole], "rate": rate, "n": int(n), "half": rate / 2}
`;
    const text = (value: string) => new NumberText(value);
    const visible = {
      version: text("3.10"),
      exact: text("0.1234567890123456789"),
      all: [text("1.0"), text("1e5"), 2],
      maybe: text("2.50"),
      whole: { v: [text("3.10")] },
      rate: text("1e-05"),
      n: text("1.0"),
    };
    const { result } = await python(source, { visible });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      seen: ["3.10", "0.1234567890123456789", ["1.0", "1e5", "2"], "2.50", '{"v": [3.10]}'],
      rate: text("1e-05"),
      n: 1,
      half: text("5e-06"),
    });
  });

  it("that no float can hold fail, rather than become infinite", async () => {
    const visible = { x: new NumberText("1e400") };
    const { result } = await python("def work(x):\n  return {'y': x}", { visible });
    expect(result).toMatchObject({
      status: "failed",
      message: "the number 1e400 is too large for a float",
    });
  });

  it("that are missing fail before the call, and are named", async () => {
    const { result, stdout, stderr } = await python("print('loaded')\ndef work(a, b, c=1):\n  print('called')", {
      visible: { a: 1 },
    });
    expect(result).toMatchObject({ status: "failed", reason: "exception", exitCode: 1 });
    expect(result.message).toBe('steps.work needs the parameter "b", which no step has set');
    expect(stdout).toBe("loaded\n");
    expect(stderr).toContain('needs the parameter "b"');
    expect(stderr).not.toContain("Traceback");
  });

  it("**kwargs and a namespace get the rest", async () => {
    const source = `import argparse
def work(a, **rest):
  return {'seen': [a, rest]}
def spaced(args: argparse.Namespace, a):
  return {'seen': [a, vars(args)]}
`;
    const visible = { a: 1, b: 2, c: 3 };
    expect((await python(source, { visible })).result.delta).toEqual({ seen: [1, { b: 2, c: 3 }] });
    expect((await python(source, { visible, command: "steps.spaced" })).result.delta).toEqual({
      seen: [1, { b: 2, c: 3 }],
    });
  });

  it("may be only by position", async () => {
    const { result } = await python("def work(a, b=2, /, c=3, *more):\n  return {'seen': [a, b, c]}", {
      visible: { a: 1, c: 9 },
    });
    expect(result.delta).toEqual({ seen: [1, 2, 9] });
  });

  it("of decorated functions, classes and partials are found", async () => {
    const source = `import functools
def logged(f):
  @functools.wraps(f)
  def inner(*args, **kwargs):
    return f(*args, **kwargs)
  return inner
@logged
def work(a: int):
  return {'seen': a + 1}
def two(a: int, b):
  return {'seen': [a, b]}
part = functools.partial(two, b=7)
class Holder:
  @staticmethod
  def run(a: int):
    return {'seen': a * 10}
  def __call__(self, a: int):
    return {'seen': a * 100}
held = Holder()
`;
    const visible = { a: "1" };
    expect((await python(source, { visible })).result.delta).toEqual({ seen: 2 });
    expect((await python(source, { visible, command: "steps.part" })).result.delta).toEqual({ seen: [1, 7] });
    expect((await python(source, { visible, command: "steps.Holder.run" })).result.delta).toEqual({ seen: 10 });
    expect((await python(source, { visible, command: "steps.held" })).result.delta).toEqual({ seen: 100 });
  });
});

describe("annotations", () => {
  const source = `
from __future__ import annotations
import dataclasses, datetime, enum, pathlib, typing
from typing import Any, Dict, List, Literal, Optional, Tuple, Union

class Colour(enum.Enum):
  RED = "red"

@dataclasses.dataclass
class Inner:
  n: int
  when: Optional[datetime.date] = None

@dataclasses.dataclass
class Config:
  name: str
  inner: Inner
  many: List[Inner] = dataclasses.field(default_factory=list)

def work(i: int, f: float, s: str, b: bool, o: Optional[int], u: Union[int, str], l: List[int], d: Dict[str, float],
         t: Tuple[int, str], v: Tuple[int, ...], p: pathlib.Path, c: Config, e: Colour, w: Literal["a", "b"], a: Any,
         x: typing.Set[int], m: list, n: "dict"):
  return {"seen": [repr(one) for one in (i, f, s, b, o, u, l, d, t, v, str(p), c.inner.n, c.inner.when.year, c.many[0].n, e.name, w, a, x, m, n)]}

def whole(i: int):
  return {"i": i}

def config(c: Config):
  return {"c": c}

def modern(o: int | None, l: list[int]):
  return {"seen": [o, l]}
`;

  it("are honoured", async () => {
    const { result } = await python(source, {
      visible: {
        i: "7",
        f: 2,
        s: "x",
        b: "false",
        o: null,
        u: "text",
        l: ["1", 2],
        d: { k: 1 },
        t: [1, "z"],
        v: [1, 2, 3],
        p: "/tmp/x",
        c: { name: "n", inner: { n: 5, when: "2026-11-25" }, many: [{ n: 6 }] },
        e: "red",
        w: "b",
        a: { raw: [1] },
        x: [1, 1],
        m: [1],
        n: {},
      },
    });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      seen: "7|2.0|'x'|False|None|'text'|[1, 2]|{'k': 1.0}|(1, 'z')|(1, 2, 3)|'/tmp/x'|5|2026|6|'RED'|'b'|{'raw': [1]}|{1}|[1]|{}".split(
        "|",
      ),
    });
  });

  it("of newer Python are honoured", async () => {
    const plain = source.replace("from __future__ import annotations", "");
    const { result } = await python(plain, { command: "steps.modern", visible: { o: 1, l: ["2"] } });
    expect(result.delta).toEqual({ seen: [1, [2]] });
  });

  it("of classes that are a text, a number or a path are made", async () => {
    const classes = `
import os, collections
class Id(str): pass
class Rate(float): pass
def work(i: Id, r: Rate, p: os.PathLike, c: complex, o: collections.OrderedDict):
  return {"seen": [type(one).__name__ for one in (i, r, c, o)], "path": p / "x"}
`;
    const { result } = await python(classes, { visible: { i: 7, r: 1, p: "a", c: "1+2j", o: {} } });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({ seen: ["Id", "Rate", "complex", "OrderedDict"], path: "a/x" });
  });

  it.each([
    [
      { m: [1] },
      'parameter "m" is [1], which cannot become a Model: annotate it as list, or keep the object where it is made (kind: object)',
    ],
    [
      { m: "x" },
      'parameter "m" is "x", which cannot become a Model: annotate it as str, or keep the object where it is made (kind: object)',
    ],
    [{ m: null }, 'parameter "m" is null, which is not a valid Model'],
  ])("of a class that magnus cannot make fail before the call: %j", async (visible, message) => {
    const { result } = await python("class Model: pass\ndef work(m: Model):\n  raise AssertionError('not reached')", {
      visible,
    });
    expect(result).toMatchObject({ status: "failed", reason: "exception", message });
  });

  it.each([
    ["steps.whole", { i: "seven" }, 'parameter "i" is "seven", which is not a valid int'],
    ["steps.whole", { i: true }, 'parameter "i" is true, which is not a valid int'],
    ["steps.whole", { i: new NumberText("1.5") }, 'parameter "i" is 1.5, which is not a valid int'],
    [
      "steps.config",
      { c: { name: "n", inner: { n: "x" } } },
      'parameter "c"["inner"]["n"] is "x", which is not a valid int',
    ],
    ["steps.config", { c: { name: "n", inner: { n: 1 }, nme: 1 } }, 'parameter "c" has "nme", which Config has not'],
    ["steps.config", { c: [] }, 'parameter "c" is [], which is not a valid mapping'],
  ])("that a value does not fit fail before the call: %s %j", async (command, visible, message) => {
    const { result } = await python(source, { command, visible });
    expect(result).toMatchObject({ status: "failed", reason: "exception", message });
  });

  it("of pydantic models validate, and models are published by alias", async () => {
    const pydantic = `
import pydantic
class Model(pydantic.BaseModel):
  model_config = pydantic.ConfigDict(populate_by_name=True)
  lr: float = pydantic.Field(alias="learningRate")
  layers: list[int] = []
def work(m: Model):
  return m
def checked(m: Model):
  raise AssertionError("not reached")
`;
    const probe = await python("import pydantic\nassert pydantic.VERSION >= '2'\ndef work(): pass");
    if (probe.result.status !== "success") return;
    const good = await python(pydantic, { visible: { m: { learningRate: "0.5", layers: [1] } } });
    expect(good.result.delta).toEqual({ learningRate: 0.5, layers: [1] });
    const bad = await python(pydantic, { command: "steps.checked", visible: { m: { learningRate: "x" } } });
    expect(bad.result).toMatchObject({ status: "failed", reason: "exception" });
    expect(bad.result.message).toContain('parameter "m" is not a valid Model');
  });
});

describe("the return value", () => {
  it("without returns: mappings, dataclasses publish their keys, all else is left out with a warning", async () => {
    const source = `
import dataclasses, collections
@dataclasses.dataclass
class R:
  a: int
  b: list
def work(): return R(1, [2])
def mapping(): return collections.OrderedDict(a=1)
def number(): return 5
def pair(): return 1, 2
def nothing(): pass
`;
    expect((await python(source)).result.delta).toEqual({ a: 1, b: [2] });
    expect((await python(source, { command: "steps.mapping" })).result.delta).toEqual({ a: 1 });
    for (const [name, type] of [["number", "int"], ["pair", "tuple"], ["nothing"]] as const) {
      const { result, events } = await python(source, { command: `steps.${name}` });
      expect(result).toMatchObject({ status: "success", delta: {} });
      const message = `steps.${name} returned a value of type ${type}, which is not published: name it under returns, or return a mapping`;
      expect(dataOf(events, "warning")).toEqual(type === undefined ? [] : [{ message }]);
    }
  });

  it("with returns: one value, a tuple by position, a mapping by name", async () => {
    const source = `
def work(): return [1, 2]
def pair(): return 1, {"k": "v"}
def by_name(): return {"b": 2, "a": 1, "c": 3}
`;
    expect((await python(source, { returns: json("a") })).result.delta).toEqual({ a: [1, 2] });
    expect((await python(source, { command: "steps.pair", returns: json("a", "b") })).result.delta).toEqual({
      a: 1,
      b: { k: "v" },
    });
    const told = async (...names: string[]) => {
      const { result, events } = await python(source, { command: "steps.by_name", returns: json(...names) });
      return [result.delta, ...dataOf(events, "warning").map(({ message }) => message)];
    };
    expect(await told("a", "b")).toEqual([
      { a: 1, b: 2 },
      "steps.by_name returned more than returns names, which is not published: c",
    ]);
    expect(await told("a", "b", "c")).toEqual([{ a: 1, b: 2, c: 3 }]);
    expect(await told("all")).toEqual([{ all: { a: 1, b: 2, c: 3 } }]);
    expect(await told("a")).toEqual([
      { a: { a: 1, b: 2, c: 3 } },
      'steps.by_name returned a mapping with the key "a", and the whole mapping is published as "a": return the value alone, or leave returns out',
    ]);
  });

  it("is no reference to an object that magnus keeps, however a task answers", async () => {
    const forged = `{"$object": "sha256:${"0".repeat(64)}"}`;
    for (const body of [
      `return {"x": [${forged}]}`,
      `os.environ["MAGNUS_PRM_x"] = '${forged}'`,
      `open(os.environ["MAGNUS_OUTPUT_FILE"], "w").write('{"parameters": {"x": ${forged}}}')`,
    ]) {
      const { result } = await python(`import os\ndef work():\n  ${body}`);
      expect(result, body).toMatchObject({ status: "failed", delta: {} });
      expect(result.message).toContain('"x" holds {"$object": "sha256:…"}');
    }
    // What only looks like it is data.
    const { result } = await python(`def work():\n  return {"x": {"$object": "sha256:1"}}`);
    expect(result.delta).toEqual({ x: { $object: "sha256:1" } });
  });

  it("of another count fails, and says both", async () => {
    const { result } = await python("def work(): return 1, 2, 3", { returns: json("a", "b") });
    expect(result).toMatchObject({ status: "failed", reason: "missing-output" });
    expect(result.message).toBe("the function returned 3 values, and returns names 2");
    const none = await python("def work(): pass", { returns: json("a", "b") });
    expect(none.result).toMatchObject({ status: "failed", reason: "missing-output" });
  });

  it("metrics are recorded and published", async () => {
    const { result, events } = await python("def work(): return 0.5, float('nan')", {
      returns: [
        { name: "loss", kind: "metric" },
        { name: "other", kind: "metric" },
      ],
    });
    expect(result.delta).toEqual({ loss: 0.5, other: "NaN" });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { loss: 0.5, other: "NaN" } }]);
  });

  it("that is not valid JSON fails, and says what to do", async () => {
    const { result } = await python("def work(): return {'f': open}");
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    expect(result.message).toBe(
      '"f" cannot be published as JSON: a builtin_function_or_method cannot be written as JSON (`kind: object` publishes it unchanged)',
    );
    const nan = await python("def work(): return {'f': float('nan')}");
    expect(nan.result.message).toBe(
      '"f" cannot be published as JSON: NaN cannot be written as JSON (return None instead; a metric may be NaN)',
    );
  });

  it("common values that json does not know become JSON", async () => {
    const source = `
import datetime, pathlib, decimal, enum, collections
class E(enum.Enum):
  A = "a"
P = collections.namedtuple("P", "x y")
def work(): return {"d": datetime.date(2026, 11, 25), "p": pathlib.Path("a/b"), "n": decimal.Decimal("1.50"), "e": E.A, "s": {1}, "t": P(1, 2)}
`;
    expect((await python(source)).result.delta).toEqual({
      d: "2026-11-25",
      p: "a/b",
      n: "1.50",
      e: "a",
      s: [1],
      t: [1, 2],
    });
  });

  it("of an async function is awaited", async () => {
    const { result } = await python(
      "import asyncio\nasync def work(a):\n  await asyncio.sleep(0)\n  return {'b': a + 1}",
      {
        visible: { a: 1 },
      },
    );
    expect(result.delta).toEqual({ b: 2 });
  });

  it("wins over the environment, and MAGNUS_OUTPUT_FILE over it", async () => {
    const source = `
import json, os
def work():
  os.environ["MAGNUS_PRM_a"] = "env"
  os.environ["MAGNUS_PRM_b"] = "env"
  os.environ["MAGNUS_PRM_c"] = '{"from": "env"}'
  os.environ["MAGNUS_TRACK_m_STEP_1"] = "0.5"
  with open(os.environ["MAGNUS_OUTPUT_FILE"], "a") as f:
    print(json.dumps({"parameters": {"a": "file"}}), file=f)
  return {"a": "returned", "b": "returned"}
`;
    const { result, events } = await python(source, { visible: { a: "before", unchanged: 1 } });
    expect(result.delta).toEqual({ a: "file", b: "returned", c: { from: "env" } });
    expect(dataOf(events, "metric")).toEqual([{ metrics: { m: 0.5 }, step: 1 }]);
  });
});

describe("failures", () => {
  it("an exception: its type and message in the record, its traceback on standard error", async () => {
    const source = `
def deeper(): raise ValueError("no\\nsuch thing")
def work():
  print("before")
  deeper()
`;
    const { result, stdout, stderr, events } = await python(source, { command: "steps.work" });
    expect(result).toMatchObject({
      status: "failed",
      reason: "exception",
      exitCode: 1,
      message: "ValueError: no\nsuch thing",
    });
    expect(dataOf(events, "step.finished")).toMatchObject([{ reason: "exception", exitCode: 1 }]);
    expect(stdout).toBe("before\n");
    expect(stderr).toContain("Traceback");
    expect(stderr).toContain("in deeper");
    expect(stderr).not.toContain("python-runner.py");
  });

  it("the metrics before an exception are recorded", async () => {
    const { events } = await python(
      "import os\ndef work():\n  os.environ['MAGNUS_TRACK_m'] = '1'\n  raise KeyError('x')",
    );
    expect(dataOf(events, "metric")).toEqual([{ metrics: { m: 1 } }]);
  });

  it.each([
    ["sys.exit(3)", 3, "failed"],
    ["sys.exit()", 0, "success"],
    ["sys.exit(0)", 0, "success"],
    ["sys.exit('said')", 1, "failed"],
    ["os._exit(4)", 4, "failed"],
  ])("%s keeps its code", async (statement, exitCode, status) => {
    const { result } = await python(`import os, sys\ndef work():\n  ${statement}`);
    expect(result).toMatchObject({ status, exitCode });
  });

  it("the text that sys.exit is given is the reason", async () => {
    const { result, stderr } = await python("import sys\ndef work(): sys.exit('no data for today')");
    expect(result).toMatchObject({ reason: "exit", exitCode: 1, message: "no data for today" });
    expect(stderr).toBe("no data for today\n");
  });

  it("TERM runs finally blocks and ends with 143", async () => {
    const source = `
import sys, time
def work():
  try:
    sys.stdout.write("ready\\n")
    time.sleep(1000)
  finally:
    sys.stdout.write("tidy\\n")
`;
    const stop = new AbortController();
    const services = newServices();
    const { result, log } = await python(source, {
      services: { ...services, stop: stop.signal, output: () => stop.abort("SIGTERM") },
    });
    expect(log).toBe("ready\ntidy\n");
    expect(result).toMatchObject({ status: "cancelled", exitCode: 143 });
    expect(kindsOf(await readEvents(services.log))).toEqual(["step.started", "log.stored", "step.finished"]);
  });

  it.each([
    ["nowhere.work", /^there is no module "nowhere" \(Python 3\.\d+\.\d+, \/.*; .* found from \/.*magnus-test-\w+\)$/],
    ["steps.missing", 'the module "steps" has no "missing"'],
    ["steps.CONSTANT", '"CONSTANT" in the module "steps" cannot be called'],
    ["work", 'the command "work" is not of the form module.function'],
    [
      "broken.work",
      /^ModuleNotFoundError: No module named 'not_installed' \(Python 3.*; the project's modules are found from \/.*\)$/,
    ],
  ])("the command %s is explained", async (command, message) => {
    const { result } = await python("CONSTANT = 1", { command, files: { "broken.py": "import not_installed\n" } });
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    if (typeof message === "string") expect(result.message).toBe(message);
    else expect(result.message).toMatch(message);
  });

  it("a missing interpreter is explained", async () => {
    const { result } = await python("def work(): pass", { task: { env: { PATH: "/nowhere" } } });
    expect(result).toMatchObject({ status: "failed", reason: "cannot-start" });
    expect(result.message).toContain("python3");
  });
});

describe("modules", () => {
  it("are found in packages of the project's folder, first on the path", async () => {
    const files = { "pkg/__init__.py": "", "pkg/deep.py": "import sys\ndef run(): return {'first': sys.path[0]}" };
    const services = newServices();
    const { result } = await python("", { services, files, command: "pkg.deep.run" });
    expect(result.delta).toEqual({ first: services.projectDir });
  });

  it("may be named like one of the runner's", async () => {
    const { result } = await python("import json\ndef work(): return {'x': json.loads('1')}", {
      files: { "inspect.py": "raise RuntimeError('shadowed')" },
    });
    expect(result.delta).toEqual({ x: 1 });
  });

  it("of multiprocessing work", async () => {
    const source = `
import multiprocessing
def square(x): return x * x
def work():
  with multiprocessing.get_context("spawn").Pool(1) as pool:
    return {"squares": pool.map(square, [1, 2, 3])}
`;
    expect((await python(source)).result.delta).toEqual({ squares: [1, 4, 9] });
  });
});
