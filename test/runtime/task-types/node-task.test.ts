import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumberText } from "../../../src/protocol/json.ts";
import type { TaskSpec } from "../../../src/protocol/step-spec.ts";
import { dataOf, type Given, newServices, type Ran, runTask } from "../attempt/step-harness.ts";

interface NodeGiven extends Omit<Given, "files"> {
  readonly returns?: TaskSpec["returns"];
  readonly files?: { readonly [name: string]: string };
}

/** Runs a function of a project that has these files. */
async function node(command: string, { files = {}, returns, ...given }: NodeGiven = {}): Promise<Ran> {
  const services = { ...newServices(), ...given.services };
  for (const [name, text] of Object.entries(files)) {
    const file = join(services.projectDir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const task: TaskSpec = { type: "node", command, ...(returns ? { returns } : {}), ...given.task };
  return runTask(task, { ...given, services });
}

const json = (...names: string[]) => names.map((name) => ({ name, kind: "json" }) as const);

describe("modules", () => {
  it.for([
    ["steps.mjs", "export const work = ({ n }) => ({ seen: n });"],
    ["steps.cjs", "exports.work = ({ n }) => ({ seen: n });"],
    ["sub/steps.js", "module.exports = { work: async ({ n }) => ({ seen: n }) };"],
    [
      "steps.ts",
      "enum Kind { A }\nexport async function work({ n }: { n: number }): Promise<object> { return { seen: n + Kind.A }; }",
    ],
    [
      "steps.mts",
      "import { one } from './one.ts';\nexport const work = ({ n }: { n: number }) => ({ seen: n * one });",
    ],
  ] as const)("%s", async ([name, text]) => {
    const { result, stderr } = await node(`${name}#work`, {
      files: { [name]: text, "one.ts": "export const one: number = 1;" },
      visible: { n: 7 },
    });
    expect([result.status, result.delta, stderr]).toEqual(["success", { seen: 7 }, ""]);
  });

  it("of packages that the project has", async () => {
    const files = {
      "node_modules/@us/steps/package.json":
        '{"name": "@us/steps", "type": "module", "exports": {"import": "./main.js"}}',
      "node_modules/@us/steps/main.js":
        "export default () => ({ seen: 1 });\nexport const models = { fit: () => ({ seen: 2 }) };",
    };
    expect((await node("@us/steps#default", { files })).result.delta).toEqual({ seen: 1 });
    expect((await node("@us/steps#models.fit", { files })).result.delta).toEqual({ seen: 2 });
  });

  it.for([
    ["steps.mjs#wrong", 'steps.mjs has no export "wrong"; its exports are data, work', "exception"],
    ["steps.mjs#data", 'steps.mjs exports "data", which is not a function; its exports are data, work', "exception"],
    ["missing.mjs#work", "there is no file missing.mjs in ", "cannot-start"],
    ["no-such-package#work", 'there is no package "no-such-package" (npm install no-such-package)', "cannot-start"],
  ] as const)("that do not fit are explained: %s", async ([command, message, reason]) => {
    const files = { "steps.mjs": "export const work = () => 1, data = 2;" };
    const { result } = await node(command, { files });
    expect(result).toMatchObject({ status: "failed", reason, exitCode: 1 });
    expect(result.message).toContain(message);
  });
});

describe("answers", () => {
  it("are an object's entries without returns, by name or position with it", async () => {
    const files = {
      "steps.mjs": `export const object = () => ({ a: 1.5, skipped: undefined, when: new Date(0), all: new Set([1]) });
export const list = async () => [1n << 70n, { deep: [2n ** 64n] }];
export const one = () => [1, 2];
export const none = () => "text";`,
    };
    const delta = async (name: string, returns?: TaskSpec["returns"]) =>
      (await node(`steps.mjs#${name}`, { files, ...(returns ? { returns } : {}) })).result.delta;
    expect(await delta("object")).toEqual({ a: 1.5, when: "1970-01-01T00:00:00.000Z", all: [1] });
    expect(await delta("object", json("all", "a"))).toEqual({ a: 1.5, all: [1] });
    const big = new NumberText("1180591620717411303424");
    expect(await delta("list", json("x", "y"))).toEqual({
      x: big,
      y: { deep: [new NumberText("18446744073709551616")] },
    });
    expect(await delta("one", json("pair"))).toEqual({ pair: [1, 2] });
    expect([await delta("none"), await delta("one")]).toEqual([{}, {}]);
  });

  it("that returns does not name are told, and a whole object where one name asks for the value", async () => {
    const files = { "s.mjs": "export const work = () => ({ a: 1, b: 2, c: 3, d: undefined });" };
    const told = async (...names: string[]) => {
      const { result, events } = await node("s.mjs#work", { files, returns: json(...names) });
      return [result.delta, ...dataOf(events, "warning").map(({ message }) => message)];
    };
    expect(await told("a", "c")).toEqual([
      { a: 1, c: 3 },
      "s.mjs#work returned more than returns names, which is not published: b, d",
    ]);
    expect(await told("a", "b", "c", "d").then(([delta]) => delta)).toEqual({});
    expect(await told("all")).toEqual([{ all: { a: 1, b: 2, c: 3 } }]);
    expect(await told("a")).toEqual([
      { a: { a: 1, b: 2, c: 3 } },
      's.mjs#work returned an object with the key "a", and the whole object is published as "a": return the value alone, or leave returns out',
    ]);
  });

  it("may be metrics, and by the environment and by the API", async () => {
    const api = join(import.meta.dirname, "../../../src/task/task.ts");
    const text = `import { getParameter, setParameter, trackThis } from ${JSON.stringify(api)};
export const work = () => {
  process.env.MAGNUS_PRM_a = "[1]";
  process.env.MAGNUS_TRACK_loss_STEP_1 = "0.5";
  setParameter({ b: (getParameter("n") as number) + 1 });
  trackThis({ epoch: 1 }, { step: 3 });
  return Number.NaN;
};`;
    const { result, events } = await node("steps.ts#work", {
      files: { "steps.ts": text },
      visible: { n: 1 },
      returns: [{ name: "score", kind: "metric" }],
    });
    expect(result.delta).toEqual({ a: [1], b: 2, score: "NaN" });
    expect(dataOf(events, "metric")).toEqual([
      { metrics: { score: "NaN" } },
      { metrics: { loss: 0.5 }, step: 1 },
      { metrics: { epoch: 1 }, step: 3 },
    ]);
  });

  it.for([
    [
      "() => ({ x: () => 1, y: [() => 1] })",
      '"y" cannot be published as JSON: y[0]: a function cannot be written as JSON',
      "exception",
    ],
    ["() => ({ x: 1 / 0 })", '"x" cannot be published as JSON: Infinity cannot be written as JSON', "exception"],
    ["() => ({ 'a-b': 1 })", 'the key "a-b", which cannot be the name of a parameter', "exception"],
  ] as const)("that are no JSON fail: %s", async ([source, message, reason]) => {
    const { result } = await node("s.mjs#work", { files: { "s.mjs": `export const work = ${source};` } });
    expect(result).toMatchObject({ status: "failed", reason });
    expect(result.message).toContain(message);
  });

  it("that are missing fail", async () => {
    const files = { "s.mjs": "export const work = () => [1, 2, 3], none = () => {};" };
    const three = await node("s.mjs#work", { files, returns: json("x", "y") });
    expect(three.result.message).toBe("the function returned 3 values, and returns names 2");
    const none = await node("s.mjs#none", { files, returns: json("x") });
    expect(none.result).toMatchObject({ status: "failed", reason: "missing-output" });
  });
});

describe("ends", () => {
  it("by an exception: type and message, the stack in the record and on standard error, at the line of the source", async () => {
    const text =
      "interface Unused {\n  readonly a: number;\n}\n\nexport function work(): never {\n  throw new TypeError('too\\nbad');\n}\n";
    const { result, events, stderr } = await node("steps.ts#work", { files: { "steps.ts": text } });
    expect(result).toMatchObject({ status: "failed", reason: "exception", exitCode: 1, message: "TypeError: too bad" });
    const traceback = dataOf(events, "step.finished")[0]?.traceback ?? "";
    expect(traceback).toMatch(/TypeError: too\nbad\n.*steps\.ts:6:/);
    expect(traceback).not.toContain("node-runner");
    expect(stderr).toBe(traceback);
  });

  it.for([
    [
      "async () => { setTimeout(() => { throw new RangeError('late') }, 10); await new Promise(() => setTimeout(() => {}, 50)) }",
      "RangeError: late",
    ],
    ["() => { Promise.reject(new Error('nobody waits')) }", "Error: nobody waits"],
    ["() => { throw 'text' }", "thrown: text"],
    ["() => new Promise(() => {})", "waits for a promise that nothing is left to settle"],
  ] as const)("by what nobody caught: %s", async ([source, message]) => {
    const { result } = await node("s.mjs#work", { files: { "s.mjs": `export const work = ${source};` } });
    expect(result).toMatchObject({ status: "failed", reason: "exception", exitCode: 1 });
    expect(result.message).toContain(message);
  });

  it("by process.exit, with its code", async () => {
    const files = {
      "s.mjs": "export const work = ({ code }) => { process.env.MAGNUS_PRM_x = '1'; process.exit(code) };",
    };
    expect((await node("s.mjs#work", { files, visible: { code: 4 } })).result).toMatchObject({
      status: "failed",
      reason: "exit",
      exitCode: 4,
    });
    expect((await node("s.mjs#work", { files, visible: { code: 0 } })).result).toMatchObject({
      status: "success",
      delta: { x: 1 },
    });
  });

  it("although a server stays open, and says so", async () => {
    const files = {
      "s.mjs":
        "import { createServer } from 'node:net';\nexport const work = () => { createServer().listen(0, '127.0.0.1'); return { x: 1 } };",
    };
    const { result, stderr } = await node("s.mjs#work", { files });
    expect(result).toMatchObject({ status: "success", delta: { x: 1 } });
    expect(stderr).toContain("something it left open keeps Node running");
  });

  it("on TERM: by exit handlers, or by the signal that the function waits for", async () => {
    const files = {
      "s.mjs": `import { writeFileSync } from 'node:fs';
export const plain = () => { process.on('exit', () => writeFileSync('plain', '')); return new Promise(() => setInterval(() => {}, 1000)) };
export const waits = (_, { signal }) => new Promise((resolve) => {
  const timer = setInterval(() => {}, 1000);
  signal.addEventListener('abort', () => { writeFileSync('waits', ''); clearInterval(timer); resolve() });
});`,
      "check.mjs":
        "import { existsSync } from 'node:fs';\nexport const work = () => ({ seen: ['plain', 'waits'].map(existsSync) });",
    };
    const services = newServices();
    for (const name of ["plain", "waits"]) {
      const { result } = await node(`s.mjs#${name}`, { files, services, task: { timeoutMs: 1500 } });
      expect(result).toMatchObject({ status: "failed", reason: "timeout" });
    }
    expect((await node("check.mjs#work", { services })).result.delta).toEqual({ seen: [true, true] });
  });
});

describe("numbers", () => {
  const text = (value: string) => new NumberText(value);
  const visible = {
    version: text("3.10"),
    id: text("12345678901234567890"),
    close: [text("1541815603606036480"), text("1541815603606036481")],
    deep: { list: [1, text("1.0"), text("1e5")] },
  };

  it("keep their text where they come back equal, and integers beyond 2^53 wherever they stand", async () => {
    const files = {
      "s.mjs": `export const work = ({ version, id, deep }) =>
  ({ version, deep, moved: [{ id }], other: version, exact: 12345678901234567000n, sum: 0.1 + 0.2, huge: 1e21 })`,
    };
    const { result } = await node("s.mjs#work", { files, visible });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      version: text("3.10"),
      deep: { list: [1, text("1.0"), text("1e5")] },
      moved: [{ id: text("12345678901234567890") }],
      other: 3.1,
      exact: 12345678901234567000,
      sum: 0.30000000000000004,
      huge: 1e21,
    });
  });

  it("beyond what JavaScript can hold fail; below it they are 0", async () => {
    const files = { "s.mjs": "export const work = ({ x }) => ({ x, zero: x === 0 })" };
    for (const large of ["1e400", "-1e309", "9".repeat(310)]) {
      const { result } = await node("s.mjs#work", { files, visible: { x: text(large) } });
      expect(result).toMatchObject({
        status: "failed",
        message: 'the number in the parameter "x" is too large for JavaScript',
      });
    }
    const { result } = await node("s.mjs#work", { files, visible: { x: text("-1e-400") } });
    expect(result.delta).toEqual({ x: text("-1e-400"), zero: true });
    expect((await node("s.mjs#work", { files, visible: { x: text("1e300") } })).result.status).toBe("success");
  });

  it.each([
    ["({ id: id + 100_000 })", "id", "12345678901234667520"],
    ["({ close })", "close", "1541815603606036480"],
    ["({ n: 2 ** 60 })", "n", "1152921504606846976"],
  ])("%s: what JavaScript has rounded is refused", async (returned, name, number) => {
    const files = { "s.mjs": `export const work = ({ id, close }) => ${returned}` };
    const { result } = await node("s.mjs#work", { files, visible });
    expect(result).toMatchObject({ status: "failed", reason: "missing-output", delta: {} });
    expect(result.message).toBe(
      `"${name}" has the number ${number}: JavaScript rounds integers beyond 2^53, and this is not one of the given values; publish a BigInt or a string`,
    );
  });

  it("are so by the file and the environment, and as metrics what they are", async () => {
    const files = {
      "s.mjs": `import { appendFileSync, readFileSync } from "node:fs";
export function work() {
  const { id, version } = JSON.parse(readFileSync(process.env.MAGNUS_PARAMETERS_FILE));
  appendFileSync(process.env.MAGNUS_OUTPUT_FILE, JSON.stringify({ parameters: { id, version } }) + "\\n");
  process.env.MAGNUS_PRM_again = String(id);
  return 2 ** 60;
}`,
    };
    const { result } = await node("s.mjs#work", { files, visible, returns: [{ name: "n", kind: "metric" }] });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      id: text("12345678901234567890"),
      version: text("3.10"),
      again: text("12345678901234567890"),
      n: 2 ** 60,
    });
  });
});

describe("what cannot be written as JSON", () => {
  it.each([
    ["new Map([[1, 'a'], ['1', 'b']])", 'the keys 1 and "1" of a Map become the same key'],
    ["new Map([[{}, 'a']])", "a key of a Map is an Object, and JSON's are texts"],
    ["[new Date(NaN)]", "x[0]: an invalid Date cannot be written as JSON"],
    [
      "{ rows: [1, new Map([['a b', [[], -Infinity]]])] }",
      'x["rows"][1]["a b"][1]: -Infinity cannot be written as JSON',
    ],
    ["Promise.resolve(1)", "a Promise cannot be written as JSON"],
    ["[/x/]", "x[0]: a RegExp cannot be written as JSON"],
    ["new TypeError('x')", "a TypeError cannot be written as JSON"],
    ["Object.assign(new Error('x'), { code: 1 })", "an Error cannot be written as JSON"],
    ["Buffer.from('x')", "a Buffer cannot be written as JSON"],
    ["new ArrayBuffer(1)", "an ArrayBuffer cannot be written as JSON"],
    ["new (class Secret { #x = 1 })()", "a Secret cannot be written as JSON"],
    ["[1].values()", /^an? [\w ]+ cannot be written as JSON$/],
    ["{ f: () => 1 }", 'x["f"]: a function cannot be written as JSON'],
    ["NaN", "NaN cannot be written as JSON"],
  ])("%s is refused", async (value, why) => {
    const { result } = await node("s.mjs#work", { files: { "s.mjs": `export const work = () => ({ x: ${value} })` } });
    expect(result).toMatchObject({ status: "failed", reason: "exception" });
    const [about, reason = ""] = result.message?.split(" as JSON: ") ?? [];
    expect(about).toBe('"x" cannot be published');
    if (typeof why === "string") expect(reason).toBe(why);
    else expect(reason).toMatch(why);
  });

  it("but what JSON can say is published", async () => {
    const value = `{ map: new Map([[1, "a"]]), set: new Set(["b", "a"]), bytes: new Uint8Array([1]), date: new Date(0),
  url: new URL("https://example.org/"), big: [2n ** 64n], boxed: [new Number(1)], bare: Object.create(null),
  own: new (class { a = 1 })(), text: "\\u00010.5 7" }`;
    const { result } = await node("s.mjs#work", { files: { "s.mjs": `export const work = () => (${value})` } });
    expect(result.message).toBeUndefined();
    expect(result.delta).toEqual({
      map: { "1": "a" },
      set: ["b", "a"],
      bytes: [1],
      date: "1970-01-01T00:00:00.000Z",
      url: "https://example.org/",
      big: [new NumberText("18446744073709551616")],
      boxed: [1],
      bare: {},
      own: { a: 1 },
      text: "\u00010.5 7",
    });
  });

  it("is said where it is not published at all, and a function that did not run fails", async () => {
    const files = {
      "s.mjs": `export const list = () => [1];
export const nothing = () => {};
export function* rows() { console.log("run"); yield 1; }
export async function* later() { console.log("run"); yield 1; }`,
    };
    const list = await node("s.mjs#list", { files });
    expect(list.result).toMatchObject({ status: "success", delta: {} });
    expect(dataOf(list.events, "warning")).toEqual([
      {
        message:
          "s.mjs#list returned a value of type array, which is not published: name it under returns, or return an object",
      },
    ]);
    expect(dataOf((await node("s.mjs#nothing", { files })).events, "warning")).toEqual([]);
    for (const name of ["rows", "later"]) {
      const { result, stdout } = await node(`s.mjs#${name}`, { files });
      expect(result).toMatchObject({ status: "failed", reason: "exception" });
      expect(result.message).toContain(`s.mjs#${name} returned a generator, so nothing of its body has run`);
      expect(stdout).toBe("");
    }
  });
});
