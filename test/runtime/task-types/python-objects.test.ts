/** Objects between Python tasks: through maps, between versions of packages and interpreters, and when they are read. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/protocol/json.ts";
import { doNothingCatalog } from "../../../src/stores/memory/do-nothing-catalog.ts";
import { dataOf, newServices } from "../attempt/step-harness.ts";
import { python } from "./python-harness.ts";

const source = `
import argparse
class Model:
  def __init__(self, weight): self.weight = weight
  def __setstate__(self, state):
    print("read", state["weight"])
    vars(self).update(state)
def work(): return Model(7)
def heavy(): return Model(9)
def use(model): return {"weight": model.weight}
def typed(model: int, **rest): return {"weight": model.weight, "rest": list(rest)}
def every(**all): return {"weight": all["model"].weight}
def some(**all): return {"all": sorted(all), "weight": all["models"][0].weight}
def lost(**all): return all["lost"].predict()
def spaced(args: argparse.Namespace): return {"weight": args.model.weight, "has": "models" in args, "none": hasattr(args, "x")}
def all_spaced(args: argparse.Namespace): return {"names": sorted(vars(args))}
def lost_space(args: argparse.Namespace): return args.lost
def pick(models, named): return {"weights": [m and m.weight for m in models], "oslo": named["oslo"].weight}
def deep(models): return {"weights": [[m.weight for m in inner] for inner in models]}
def got():
  from magnus import get_object
  return {"weights": [m and m.weight for m in get_object("models")]}
`;
const returns = [{ name: "model", kind: "object" } as const];
const gone = { $object: `sha256:${"a".repeat(64)}` };

async function kept(services: ReturnType<typeof newServices>, command: string): Promise<Json> {
  const { result } = await python(source, { services, returns, command });
  expect(result.message).toBeUndefined();
  return result.delta.model ?? null;
}

describe("objects", () => {
  it("are given back to later python tasks, whatever their annotation, also in what a map makes of them", async () => {
    const services = newServices();
    const model = await kept(services, "steps.work");
    const other = await kept(services, "steps.heavy");
    for (const name of ["use", "typed", "every"]) {
      const { result } = await python(source, { services, command: `steps.${name}`, visible: { model } });
      expect(result.delta).toMatchObject({ weight: 7 });
    }
    const visible = { models: [model, null, other], named: { oslo: other, rome: model } };
    const picked = await python(source, { services, command: "steps.pick", visible });
    expect(picked.result.delta).toEqual({ weights: [7, null, 9], oslo: 9 });
    const { result } = await python(source, { services, command: "steps.got", visible });
    expect(result.delta).toEqual({ weights: [7, null, 9] });
    const deep = await python(source, {
      services,
      command: "steps.deep",
      visible: { models: [[model], [other, model]] },
    });
    expect(deep.result.delta).toEqual({ weights: [[7], [9, 7]] });
    expect(existsSync(join(services.projectDir, "models"))).toBe(false);
  });

  it("are not among the parameters of anything else", async () => {
    const services = newServices();
    const models = [await kept(services, "steps.work")];
    const source =
      "import json, os\ndef work(): return {'seen': [json.load(open(os.environ['MAGNUS_PARAMETERS_FILE'])), os.environ.get('MAGNUS_PRM_models')]}";
    const { result } = await python(source, { services, visible: { models, n: 1 } });
    expect(result.delta).toEqual({ seen: [{ n: 1 }, null] });
  });

  it("are read when a namespace is asked for them; one that cannot be read stops only who uses it", async () => {
    const services = newServices();
    const model = await kept(services, "steps.work");
    const visible = { model, models: [await kept(services, "steps.heavy")], lost: gone, n: 1 };
    const run = (name: string) => python(source, { services, command: `steps.${name}`, visible });

    const spaced = await run("spaced");
    expect(spaced.stdout).toBe("read 7\n");
    expect(spaced.result.delta).toEqual({ weight: 7, has: true, none: false });
    expect((await run("all_spaced")).result.delta).toEqual({ names: ["lost", "model", "models", "n"] });
    expect((await run("some")).result.delta).toEqual({ all: ["lost", "model", "models", "n"], weight: 9 });
    for (const name of ["lost", "lost_space"]) {
      const { result } = await run(name);
      expect(result).toMatchObject({ status: "failed", reason: "catalog-get" });
      expect(result.message).toMatch(/^the object "lost" cannot be read: .*sha256:aaaa/);
    }
    const used = await python(source, { services, command: "steps.use", visible: { model: gone } });
    expect(used.result).toMatchObject({ status: "failed", reason: "catalog-get" });
    expect(used.result.message).toContain('the object "model"');
  });

  it("need a catalog that keeps them", async () => {
    const { result } = await python(source, { services: { catalog: doNothingCatalog() }, returns });
    expect(result).toMatchObject({ status: "failed", reason: "catalog-put", delta: {} });
    expect(result.message).toContain("do-nothing");
  });

  it.each([
    ["def work(): return lambda: 1", '"model" cannot be pickled: '],
    [
      "class Bad:\n  def __reduce__(self): raise ValueError('not this one')\ndef work(): return [Bad()]",
      '"model" cannot be pickled: ValueError: not this one',
    ],
    [
      "class Net: pass\nNet.__module__ = '__main__'\nimport __main__\n__main__.Net = Net\ndef work(): return [Net()]",
      '"model" cannot be kept: Net is defined in the notebook or program itself, where no later step finds it: move it into a module',
    ],
  ])("that cannot be kept are named: %j", async (text, message) => {
    const { result } = await python(text, { returns });
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    expect(result.message).toContain(message);
  });
});

describe("versions", () => {
  const model = (version: string, name = "Model") => `__version__ = "${version}"\nclass ${name}: pass\n`;
  const steps = (library: string) => `
def work():
  import ${library}
  return [{"deep": ${library}.Model()}]
def use(model): pass
`;

  it("of the packages that a pickle names are told where it cannot be read", async () => {
    const services = newServices();
    const made = await python(steps("lib"), { services, returns, files: { "lib.py": model("1.2.0") } });
    const files = { "lib.py": model("3.0.0", "Net") };
    const { result } = await python(steps("lib"), {
      services,
      files,
      command: "steps.use",
      visible: made.result.delta,
    });
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    expect(result.message).toMatch(
      /^the object "model", kept by "train" with Python (3\.\d+\.\d+), lib 1\.2\.0, cannot be read here \(Python \1, lib 3\.0\.0\): AttributeError: /,
    );
  });

  it.each([
    ["lib", "1.2.0", "2.0.0", true],
    ["lib", "1.2.0", "1.9.0", false],
    ["lib", "0.2.0", "0.3.0", true],
    ["sklearn", "1.4.2", "1.5.0", true],
    ["sklearn", "1.4.2", "1.4.9", false],
    ["pandas", "2.1.0", "2.2.0", true],
  ])("of %s, %s and then %s: a warning is %s", async (library, before, after, warned) => {
    const services = newServices();
    const files = { [`${library}.py`]: model(before) };
    const made = await python(steps(library), { services, returns, files });
    expect(made.result.message).toBeUndefined();
    const { result, events } = await python(steps(library), {
      services,
      files: { [`${library}.py`]: model(after) },
      command: "steps.use",
      visible: made.result.delta,
    });
    expect(result.status).toBe("success");
    const name = library === "sklearn" ? "scikit-learn" : library;
    const message = `the object "model", kept by "train" with ${name} ${before}, is read with ${after}`;
    expect(dataOf(events, "warning")).toEqual(warned ? [{ message }] : []);
  });
});

/** Interpreters with NumPy 1 and pandas 2, and with NumPy 2 and pandas 3: the folders of their programs. */
const [older, newer] = (process.env.MAGNUS_TEST_OBJECT_PYTHONS ?? "").split(":");
if (!older || !newer) {
  process.stderr.write(
    "not tested: objects between NumPy 1 and 2, pandas 2 and 3: MAGNUS_TEST_OBJECT_PYTHONS names no two interpreters\n",
  );
}

describe.skipIf(!older || !newer)("real packages", () => {
  const real = `
def array():
  import numpy
  return numpy.arange(6, dtype="f4").reshape(2, 3)
def total(model): return {"sum": int(model.sum())}
def frame():
  import pandas
  return pandas.DataFrame({"n": [1, 2], "name": ["a", "b"], "at": pandas.to_datetime(["2026-01-01", "2026-01-02"], utc=True)})
def rows(model): return {"rows": len(model)}
def values():
  import numpy as np, pandas as pd, magnus
  seen = []
  for one in (np.float32(0.5), np.int64(3), np.arange(3), np.array(["2026-01-01T00:00:00.5"], "M8[ns]"),
              np.datetime64("2026-01-01"), np.ma.masked_array([1, 2], [True, False]), np.ma.masked, pd.Series([1, 2]),
              pd.Timestamp("2026-01-01"), pd.to_datetime(["2026-01-01"]),
              np.timedelta64(1, "s"), np.array([(1, 2)], [("a", int), ("b", int)]), np.longdouble(1), pd.NaT,
              pd.DataFrame({"name": [1], "value": [2], "isoformat": [3]}), {np.int64(1): 2}, np.array(["NaT"], "M8[s]")):
    try:
      magnus.set_parameter(x=one)
      seen.append(magnus.get_parameter("x"))
    except magnus.MagnusError:
      seen.append("refused")
  return {"seen": seen}
`;
  it("arrays and numbers of NumPy are made of lists and numbers, where they are the same", async () => {
    const source = `
import numpy as np, numpy.typing as npt, pandas as pd
def work(a: np.ndarray, b: npt.NDArray[np.float32], i: np.int64, f: np.float64, t: pd.Timestamp):
  return {"seen": [a.dtype.kind, a.shape, b.dtype.name, type(i).__name__, type(f).__name__, t.year]}
def small(b: npt.NDArray[np.uint8]): raise AssertionError
def frame(b: pd.DataFrame): raise AssertionError
def array(b: np.ndarray): raise AssertionError
`;
    for (const folder of [older, newer]) {
      const visible = { a: [[1, 2]], b: [1, 2.5], i: 3, f: 1, t: "2026-01-01" };
      const { result } = await python(source, { visible, task: at(folder) });
      expect(result.message).toBeUndefined();
      expect(result.delta).toEqual({ seen: ["i", [1, 2], "float32", "int64", "float64", 2026] });
      const refused = async (name: string, b: Json) =>
        (await python(source, { visible: { b }, task: at(folder), command: `steps.${name}` })).result.message;
      expect(await refused("small", [1, 300])).toBe('parameter "b" is [1, 300], which cannot become an array of uint8');
      expect(await refused("array", [1, null])).toBe('parameter "b" is [1, null], which cannot become an array');
      expect(await refused("array", [[1], [1, 2]])).toBe(
        'parameter "b" is [[1], [1, 2]], which cannot become an array',
      );
      expect(await refused("frame", [{ n: 1 }])).toContain("which cannot become a DataFrame");
    }
  });

  const at = (folder: string | undefined) => ({ env: { PATH: `${folder}:${process.env.PATH}` } });

  it.each([
    ["array", "total", older, newer, { sum: 15 }],
    ["array", "total", newer, older, { sum: 15 }],
    ["frame", "rows", older, newer, { rows: 2 }],
  ])("%s: %s", async (make, use, from, to, delta) => {
    const services = newServices();
    const made = await python(real, { services, returns, command: `steps.${make}`, task: at(from) });
    expect(made.result.message).toBeUndefined();
    const read = await python(real, { services, command: `steps.${use}`, visible: made.result.delta, task: at(to) });
    expect(read.result.delta).toEqual(delta);
    expect(
      dataOf(read.events, "warning")
        .map(({ message }) => message)
        .join(),
    ).toMatch(/the object "model", kept by "train" with (numpy|pandas) \d.*, is read with \d/);
  });

  it("a frame of pandas 3 that pandas 2 cannot read names both", async () => {
    const services = newServices();
    const made = await python(real, { services, returns, command: "steps.frame", task: at(newer) });
    const read = await python(real, { services, command: "steps.rows", visible: made.result.delta, task: at(older) });
    expect(read.result.status).toBe("failed");
    expect(read.result.message).toMatch(
      /^the object "model", kept by "train" with .*pandas 3\..*\(.*pandas 2\..*\): \w+/,
    );
  });

  it("values become JSON or are refused", async () => {
    for (const folder of [older, newer]) {
      const { result } = await python(real, { command: "steps.values", task: at(folder) });
      expect(result.message).toBeUndefined();
      expect(result.delta.seen).toEqual([
        0.5,
        3,
        [0, 1, 2],
        ["2026-01-01T00:00:00.5"],
        "2026-01-01",
        [null, 2],
        null,
        [1, 2],
        "2026-01-01T00:00:00",
        ["2026-01-01T00:00:00"],
        ...new Array(7).fill("refused"),
      ]);
    }
  });
});
