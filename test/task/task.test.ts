/** `magnus-pipelines/task` as a project that has installed the package finds it: its types, and its functions. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/build.ts";
import { run, runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** A project with the package among its modules. */
function project(files: { readonly [name: string]: string }): string {
  const cwd = workspace({ "package.json": '{"type": "module"}', ...files });
  mkdirSync(path.join(cwd, "node_modules"));
  symlinkSync(root, path.join(cwd, "node_modules/magnus-pipelines"));
  return cwd;
}

const everyFunction = `import {
  getFromCatalog, getParameter, getParameters, getRunId, getRunLog, getSecret, getTag, type JsonValue, MagnusError,
  putInCatalog, setParameter, trackThis,
} from "magnus-pipelines/task";

const rate: JsonValue = getParameter("rate");
const all: { readonly [name: string]: JsonValue } = getParameters();
setParameter({ doubled: [1, "two", { three: null }] });
trackThis({ loss: 0.5 }, { step: 1 });
const files: readonly string[] = getFromCatalog("*.csv", "copies");
putInCatalog("model.bin");
const texts: readonly string[] = [getRunId(), getTag(), getSecret("TOKEN")];
const log: JsonValue | undefined = getRunLog();
try { getSecret("none"); } catch (error) { if (error instanceof MagnusError) console.log(error.message); }
export default [rate, all, files, texts, log];
`;

function check(cwd: string): { readonly status: number | null; readonly stdout: string } {
  const options = "--noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext --types node";
  const compiler = path.join(root, "node_modules/typescript/bin/tsc");
  const roots = ["--typeRoots", path.join(root, "node_modules/@types")];
  const args = [compiler, "step.ts", "--ignoreConfig", ...options.split(" "), ...roots];
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
}

describe("the types", () => {
  test("let a strict project use every function", () => {
    const { status, stdout } = check(project({ "step.ts": everyFunction }));
    expect([status, stdout]).toEqual([0, ""]);
  });

  test("refuse what cannot be written as JSON, and what is no name", () => {
    const wrong = `import { getParameter, setParameter } from "magnus-pipelines/task";
setParameter({ f: () => 1 });
getParameter(7);
`;
    const { status, stdout } = check(project({ "step.ts": wrong }));
    expect(status).not.toBe(0);
    expect(stdout.match(/^step\.ts/gm)?.length).toBe(2);
  });

  test("every export of the module has one, and none is of something else", () => {
    const script = 'import("magnus-pipelines/task").then((module) => console.log(Object.keys(module).sort().join()))';
    const names = execFileSync(process.execPath, ["-e", script], { cwd: project({}), encoding: "utf8" }).trim();
    const declared = readFileSync(path.join(root, "dist/task.d.ts"), "utf8").matchAll(
      /^export declare (?:function|class) (\w+)/gm,
    );
    expect(names.split(",")).toEqual([...declared].map(([, name]) => name).sort());
  });
});

const step = `import { getFromCatalog, getParameter, getRunId, getSecret, getTag, putInCatalog, setParameter, trackThis } from "magnus-pipelines/task";
import { writeFileSync } from "node:fs";

export function train() {
  setParameter({ doubled: 2 * getParameter("n") });
  trackThis({ loss: 0.5 });
  writeFileSync("model.bin", "weights");
  putInCatalog("model.bin");
  console.log([getRunId(), getTag(), getSecret("TOKEN").length, getFromCatalog("*.csv").join()].join(" "));
  return { tripled: 3 * getParameter("n"), seen: getParameter("doubled") };
}
`;

const pipeline = `parameters: {n: 7}
dag:
  steps:
    - {name: data, type: task, command_type: shell, command: "echo 1 >data.csv", catalog: {put: [data.csv]}}
    - {name: train, type: task, command_type: node, command: "step.mjs#train", secrets: [TOKEN], catalog: {get: [data.csv]}}
`;

describe("the functions", () => {
  test("in a run: what they answer is in the run log", async () => {
    const cwd = project({ "step.mjs": step, "pipeline.yaml": pipeline });
    const options = { cwd, env: { TOKEN: "very-secret" } };
    const ended = await runMagnus(["run", "pipeline.yaml", "--run-id", "r", "--tag", "nightly", "--json"], options);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain("train | r nightly 11 data.csv");
    const events = ended.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ parameters: { n: 7, doubled: 14, tripled: 21, seen: 14 } });
    const of = (kind: string) => events.filter((event) => event.kind === kind).map(({ data }) => data);
    expect(of("metric")).toEqual([{ metrics: { loss: 0.5 } }]);
    expect(of("catalog.put").flatMap(({ files }) => files.map(({ name }: { name: string }) => name))).toEqual([
      "data.csv",
      "model.bin",
    ]);
  });

  test("outside a run: parameters and secrets come from the environment and .env, and nothing is kept", async () => {
    const cwd = project({ "step.mjs": step, "data.csv": "1", ".env": "TOKEN=from-file\n" });
    const script = 'import("./step.mjs").then(({ train }) => console.log(JSON.stringify(train())))';
    const { code, stdout, stderr } = await run(process.execPath, ["-e", script], { cwd, env: { MAGNUS_PRM_n: "5" } });
    expect([code, stdout], stderr).toEqual([0, '  9 data.csv\n{"tripled":15,"seen":10}\n']);
  });

  test("what is missing: one error that names it", async () => {
    const cwd = project({});
    for (const [call, message] of [
      ["getParameter('rate')", 'there is no parameter "rate"; this step sees: none'],
      ["getSecret('TOKEN')", 'the secret "TOKEN" was not found in the environment'],
      ["getFromCatalog('*.csv')", 'no file matches "*.csv"'],
      ["putInCatalog('../x')", "is outside the working directory"],
      ["setParameter({ 'a b': 1 })", '"a b" cannot be the name of a parameter'],
      ["setParameter({ a: NaN })", '"a": NaN cannot be written as JSON'],
    ] as const) {
      const script = `import("magnus-pipelines/task").then((task) => task.${call}).catch((error) => console.log(error.name, error.message))`;
      const { stdout } = await run(process.execPath, ["-e", script], { cwd });
      expect(stdout).toContain(`MagnusError`);
      expect(stdout).toContain(message);
    }
  });
});

describe("in a run of a magnus that is installed elsewhere", () => {
  test("the project imports it, at the top, behind its own files, later, and from TypeScript", async () => {
    const cwd = workspace({
      "steps.mjs": 'export { work } from "./lib/deep.mjs";',
      "lib/deep.mjs": `import { getParameter, setParameter } from "magnus-pipelines/task";
export const work = () => setParameter({ id: getParameter("id"), version: getParameter("version"), seen: typeof getParameter("id") });`,
      "late.mjs": `export const work = async () => ({ late: (await import("magnus-pipelines/task")).getParameter("version") });`,
      "steps.ts": `import { getParameter } from "magnus-pipelines/task";
export const work = (): object => ({ typed: getParameter("version") });`,
      "pipeline.yaml": `parameters: {id: 12345678901234567890, version: 3.10}
dag:
  steps:
    - {name: a, type: task, command_type: node, command: "steps.mjs#work"}
    - {name: b, type: task, command_type: node, command: "late.mjs#work"}
    - {name: c, type: task, command_type: node, command: "steps.ts#work"}
`,
    });
    const { code, stdout, stderr } = await runMagnus(["run", "pipeline.yaml", "-q", "--json"], { cwd });
    expect(code, stdout + stderr).toBe(0);
    const last = stdout.trim().split("\n").at(-1);
    expect(last).toContain(
      '"parameters":{"id":12345678901234567890,"version":3.10,"seen":"number","late":3.1,"typed":3.1}',
    );
  });

  test("a project's own one is taken", async () => {
    const cwd = workspace({
      "node_modules/magnus-pipelines/package.json": '{"type": "module", "exports": {"./task": "./own.js"}}',
      "node_modules/magnus-pipelines/own.js": "export const mine = true;",
      "steps.mjs": 'import { mine } from "magnus-pipelines/task";\nexport const work = () => ({ mine });',
      "pipeline.yaml": 'dag:\n  steps:\n    - {name: a, type: task, command_type: node, command: "steps.mjs#work"}\n',
    });
    const { stdout, stderr } = await runMagnus(["run", "pipeline.yaml", "-q", "--json"], { cwd });
    expect(stdout, stderr).toContain('"parameters":{"mine":true}');
  });
});
