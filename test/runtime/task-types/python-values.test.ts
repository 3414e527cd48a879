/** What a Python task may publish, and what it may not: right or refused, never turned into another value. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newServices } from "../attempt/step-harness.ts";
import { python } from "./python-harness.ts";

/** A module whose `work` tells of each expression what it becomes as a parameter, or why it is refused. */
function become(imports: string, expressions: readonly string[]): string {
  return `${imports}
import magnus
def become(value):
  try:
    magnus.set_parameter(x=value)
    return magnus.get_parameter("x")
  except magnus.MagnusError as error:
    return "refused: " + str(error).partition(": ")[2]
def work():
  return {"seen": [${expressions.map((one) => `become(${one})`).join(", ")}]}
`;
}

describe("values", () => {
  it("of the standard library become what the documentation says, or are refused", async () => {
    const imports = `
import array, collections, dataclasses, datetime, decimal, enum, fractions, pathlib, types, uuid
class E(enum.Enum):
  A = "a"
class N(enum.IntEnum):
  ONE = 1
class S(str, enum.Enum):
  B = "b"
@dataclasses.dataclass
class D:
  at: datetime.datetime
class Table:
  def __getattr__(self, name): return "column"
itself = []
itself.append(itself)
P = collections.namedtuple("P", "x y")
`;
    const values: readonly (readonly [expression: string, becomes: unknown])[] = [
      ["{'b', 'a', 'c'}", ["a", "b", "c"]],
      ["{10, 9, 1.5}", [1.5, 9, 10]],
      [
        "frozenset({(2, 'x'), (1, 'y')})",
        [
          [1, "y"],
          [2, "x"],
        ],
      ],
      ["{1: 'one', 2: 'two'}", { "1": "one", "2": "two" }],
      ["{1: 'int', '1': 'str'}", `refused: the keys 1 and '1' of a dictionary become the same key of JSON`],
      [
        "[{'deep': {None: 0, 'null': 1}}]",
        `refused: the keys None and 'null' of a dictionary become the same key of JSON`,
      ],
      ["{True: 0, 'true': 1}", `refused: the keys True and 'true' of a dictionary become the same key of JSON`],
      ["{float('nan'): 1}", "refused: x[nan]: a key cannot be NaN"],
      ["float('inf')", "refused: Infinity cannot be written as JSON (return None instead; a metric may be NaN)"],
      [
        "{'val': [0.5, D(-float('inf'))]}",
        "refused: x['val'][1]['at']: -Infinity cannot be written as JSON (return None instead; a metric may be NaN)",
      ],
      [
        "[(1, {'b c': b'x'})]",
        "refused: x[0][1]['b c']: a bytes cannot be written as JSON (`kind: object` publishes it unchanged)",
      ],
      ["itself", "refused: Circular reference detected"],
      ["{(1, 2): 3}", /^refused: keys must be str, int, float, bool or None, not .*tuple$/],
      ["{datetime.date(2026, 1, 1): 3}", /^refused: keys must be str, int, float, bool or None, not .*date$/],
      ["{E.A: 3}", /^refused: keys must be str, int, float, bool or None, not .*E$/],
      ["{S.B: N.ONE}", { b: 1 }],
      ["E.A", "a"],
      ["decimal.Decimal('3.10')", "3.10"],
      ["fractions.Fraction(1, 3)", "1/3"],
      ["pathlib.PurePosixPath('a/b')", "a/b"],
      ["uuid.UUID(int=1)", "00000000-0000-0000-0000-000000000001"],
      ["D(datetime.datetime(2026, 1, 2, 3, 4))", { at: "2026-01-02T03:04:00" }],
      [
        "datetime.timedelta(1)",
        "refused: a timedelta cannot be written as JSON (`kind: object` publishes it unchanged)",
      ],
      ["P(1, 2)", [1, 2]],
      ["array.array('i', [1, 2])", [1, 2]],
      ["types.MappingProxyType({'a': 1})", { a: 1 }],
      ["b'bytes'", "refused: a bytes cannot be written as JSON (`kind: object` publishes it unchanged)"],
      ["D", "refused: a class cannot be written as JSON"],
      ["Table()", "refused: a Table cannot be written as JSON (`kind: object` publishes it unchanged)"],
      ["(x for x in [])", "refused: a generator cannot be written as JSON (`kind: object` publishes it unchanged)"],
      ["2 + 3j", "refused: a complex cannot be written as JSON (`kind: object` publishes it unchanged)"],
    ];
    const { result } = await python(
      become(
        imports,
        values.map(([expression]) => expression),
      ),
    );
    expect(result.message).toBeUndefined();
    const seen = result.delta.seen as readonly unknown[];
    for (const [at, [expression, becomes]] of values.entries()) {
      if (becomes instanceof RegExp) expect(seen[at], expression).toMatch(becomes);
      else expect(seen[at], expression).toEqual(becomes);
    }
  });

  it("two keys that become one fail the step, and are named", async () => {
    const { result } = await python("def work(): return {'counts': {1: 'a', '1': 'b'}}");
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    expect(result.message).toBe(
      `"counts" cannot be published as JSON: the keys 1 and '1' of a dictionary become the same key of JSON`,
    );
  });
});

describe("a function that did not run", () => {
  it.each([
    ["def work():\n  print('run')\n  yield 1", "return a list of what it yields"],
    ["async def work():\n  print('run')\n  yield 1", "return a list of what it yields"],
    ["import contextlib\n@contextlib.contextmanager\ndef work():\n  print('run')\n  yield 1", "use it in a `with`"],
  ])("%j fails with the reason", async (source, remedy) => {
    for (const returns of [undefined, [{ name: "rows", kind: "object" } as const]]) {
      const { result, stdout } = await python(source, returns === undefined ? {} : { returns });
      expect(result).toMatchObject({ status: "failed", reason: "exception" });
      expect(result.message).toContain("steps.work returned a generator, so nothing of its body has run");
      expect(result.message).toContain(remedy);
      expect(stdout).toBe("");
    }
  });
});

describe("a project whose files have names of the standard library", () => {
  const names = "argparse collections dataclasses enum inspect json linecache pickle statistics traceback types typing";
  // Whoever imports it gets it; nothing of it is what the library has.
  const files = Object.fromEntries(names.split(" ").map((name) => [`${name}.py`, "mine = True\n"]));

  it("runs as it would without magnus, its own modules included", async () => {
    const source = `
import traceback, json
def work(a: int, b: "str"):
  import statistics, pickle
  return {"seen": [a + 1, b, traceback.mine, json.mine, statistics.mine, pickle.mine], "set": {(1, "x")}}
`;
    const { result, stderr } = await python(source, { files, visible: { a: "1", b: 2 } });
    expect(stderr).toBe("");
    expect(result.delta).toEqual({ seen: [2, "2", true, true, true, true], set: [[1, "x"]] });
  });

  it("may use all of the package magnus, and async functions", async () => {
    const all = "asyncio json glob shutil subprocess typing os signal re importlib functools concurrent logging select";
    const hostile = Object.fromEntries(all.split(" ").map((name) => [`${name}.py`, `raise RuntimeError("${name}")\n`]));
    const source = `
def work(n: int):
  import magnus
  open("a.txt", "w").close()
  magnus.track_this(loss=0.5)
  magnus.put_object([n], "kept")
  magnus.set_parameter(files=magnus.get_from_catalog("a.txt", "copies"), kept_is=magnus.get_object("kept"))
async def later(n):
  async def one(): return n
  import _asyncio
  return {"n": await one(), "loop": _asyncio.get_running_loop().is_running()}
`;
    const { result } = await python(source, { files: hostile, visible: { n: 1 } });
    expect(result.message).toBeUndefined();
    expect(result.delta).toMatchObject({ files: ["copies/a.txt"], kept_is: [1] });
    const later = await python(source, { files: hostile, visible: { n: 1 }, command: "steps.later" });
    expect(later.result.message).toBeUndefined();
    expect(later.result.delta).toEqual({ n: 1, loop: true });
  });

  it("gets its messages and tracebacks", async () => {
    const failing = await python("import traceback, linecache\ndef work():\n  raise ValueError('what it says')", {
      files,
    });
    expect(failing.result.message).toBe("ValueError: what it says");
    expect(failing.stderr).toMatch(/^Traceback .*\n {2}File ".*steps.py", line 3, in work\n/);
    expect(failing.stderr).toContain("ValueError: what it says");
    const hidden = await python("import statistics\ndef work():\n  return {'x': statistics.mean([1])}", { files });
    expect(hidden.result.message).toContain("Python's own module statistics is hidden by");
    expect(hidden.result.message).toContain(join(hidden.services.projectDir, "statistics.py"));
  });

  it("keeps and gets objects", async () => {
    const services = newServices();
    const source = `
import pickle, types
class Model:
  weight = 7
def work(): return Model()
def use(model): return {"weight": model.weight}
`;
    const made = await python(source, { services, files, returns: [{ name: "model", kind: "object" }] });
    expect(made.result.message).toBeUndefined();
    const { result } = await python(source, { services, files, command: "steps.use", visible: made.result.delta });
    expect(result.delta).toEqual({ weight: 7 });
  });

  it("and an exception without a text of its own does not hide that it happened", async () => {
    const source = `
class Bad(Exception):
  def __str__(self): raise KeyError("no text")
def work(): raise Bad()
`;
    const { result } = await python(source);
    expect(result).toMatchObject({ status: "failed", reason: "exception", message: "Bad: (its text cannot be made)" });
  });
});

describe("forked children", () => {
  it("end by TERM as any process, so that pools do, one after the other", async () => {
    const source = `
import multiprocessing, os, signal, threading, time
fork = multiprocessing.get_context("fork")
def square(x): return x * x
def at_once(_):
  # Told to stop right after the fork: the signal must not be lost.
  child = fork.Process(target=time.sleep, args=(60,))
  child.start()
  child.terminate()
  child.join()
  return child.exitcode
def work():
  codes = {at_once(i) for i in range(100)}
  thread = threading.Thread(target=lambda: codes.add(at_once(0)))
  thread.start()
  thread.join()
  for _ in range(50):
    with fork.Pool(2) as pool:
      assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
  own = lambda number, frame: os._exit(7)
  signal.signal(signal.SIGTERM, own)
  return {"codes": codes, "own": at_once_own()}
def at_once_own():
  read, write = os.pipe()
  child = os.fork()
  if child == 0:
    os.write(write, b"x")
    time.sleep(60)
  os.read(read, 1)
  os.kill(child, signal.SIGTERM)
  return os.waitpid(child, 0)[1] >> 8
`;
    const { result } = await python(source, { task: { timeoutMs: 100_000 } });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({ codes: [-15], own: 7 });
  });

  it("that leave as the function does answer nothing", async () => {
    const source = `
import os, sys
def work():
  child = os.fork()
  if child == 0:
    os.environ["MAGNUS_PRM_a"] = "child"
    sys.exit(3)
  code = os.waitpid(child, 0)[1] >> 8
  open("left", "w").close()
  os._exit(code)
`;
    const { result, services } = await python(source);
    expect(existsSync(join(services.projectDir, "left"))).toBe(true);
    expect(result).toMatchObject({ status: "failed", exitCode: 3, delta: {} });
  });
});
