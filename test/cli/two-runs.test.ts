/** Runs that are going on at once in one folder. Who waits for whom is said by files, so that nothing hangs on time. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Ended, magnus, plainEnvironment, run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** Writes half, waits for `gate/<text>`, writes the rest; then another step reads it. */
const pipeline = `parameters: {text: none}
dag:
  steps:
    - name: write
      type: task
      command_type: shell
      command: |
        test "$text" = lazy || echo "$text" >o.txt
        touch "$GATE/$text-began"
        while [ ! -e "$GATE/$text-may-end" ]; do sleep 0.02; done
        test "$text" = lazy || echo "$text" >>o.txt
      catalog: {put: [o.txt]}
    - {name: read, type: task, command_type: shell, command: 'got=$(cat o.txt)', catalog: {get: [o.txt]}, returns: [got]}
`;

interface Place {
  readonly cwd: string;
  readonly gate: string;
  start(how: string, text: string, more?: readonly string[]): Promise<Ended>;
  open(text: string): void;
}

async function newPlace(files: { readonly [name: string]: string } = { "p.yaml": pipeline }): Promise<Place> {
  const cwd = workspace(files);
  const gate = mkdtempSync(path.join(tmpdir(), "magnus-gate-"));
  onTestFinished(() => rmSync(gate, { recursive: true, force: true }));
  await runMagnus(["compile", "p.yaml", "--target", "shell", "-q", "-o", "."], { cwd });
  const env = { GATE: gate, MAGNUS_SHIM: shim };
  return {
    cwd,
    gate,
    start: (how, text, more = []) => {
      const given = ["--run-id", text, "--param", `text=${text}`];
      return how === "local"
        ? runMagnus(["run", "p.yaml", ...given, ...more], { cwd, env })
        : run("sh", ["p.sh", ...given], { cwd, env });
    },
    open: (text) => writeFileSync(path.join(gate, `${text}-may-end`), ""),
  };
}

async function until(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function gotOf(cwd: string, text: string): Promise<unknown> {
  const shown = await runMagnus(["runs", "show", text, "--normalised"], { cwd });
  const parameters = JSON.parse(shown.stdout).parameters;
  return parameters.got;
}

const going = (text: string) => expect.stringMatching(new RegExp(`the run ${text} is still running in this folder`));

describe.each(["local", "script"])("two runs at once (%s)", (how) => {
  test("the second works in a directory of its own; neither sees the other's text", async () => {
    const { cwd, gate, start, open } = await newPlace();
    const first = start(how, "one");
    await until(path.join(gate, "one-began"));
    open("two");
    const second = await start(how, "two");
    expect(second, second.stderr).toMatchObject({ code: 0, stderr: going("one") });
    expect(second.stderr).toContain("new files of the run are in .magnus/work/two: o.txt");
    expect(readdirSync(path.join(cwd, ".magnus/work/two"))).toEqual(["o.txt"]);
    open("one");
    expect(await first).toMatchObject({ code: 0, stderr: expect.not.stringContaining("still running") });
    expect([await gotOf(cwd, "one"), await gotOf(cwd, "two")]).toEqual(["one\none", "two\ntwo"]);
    expect(readFileSync(path.join(cwd, "o.txt"), "utf8")).toBe("one\none\n");
  });

  test("what the first is writing is never put by the second as its own", async () => {
    const { gate, start, open } = await newPlace();
    const first = start(how, "one");
    await until(path.join(gate, "one-began"));
    open("lazy");
    const second = await start(how, "lazy");
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('no file matches "o.txt"')]);
    open("one");
    expect((await first).code).toBe(0);
  });

  test("a run that was killed holds nothing", async () => {
    const { cwd, gate, start, open } = await newPlace();
    const env = { ...plainEnvironment(), GATE: gate, MAGNUS_SHIM: shim };
    const [program, ...args] = how === "local" ? [process.execPath, magnus, "run", "p.yaml"] : ["sh", "p.sh"];
    const given = ["--run-id", "dead", "--param", "text=dead"];
    const child: ChildProcess = spawn(program ?? "", [...args, ...given], { cwd, env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await until(path.join(gate, "dead-began"));
    child.kill("SIGKILL");
    await ended;
    open("two");
    expect(await start(how, "two")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("still running") });
    open("dead");
    expect(readFileSync(path.join(cwd, "o.txt"), "utf8")).toContain("two");
  });
});

test("many at once: each gets its own text, and nothing is left behind of those before", async () => {
  const { cwd, start, open } = await newPlace();
  const texts = Array.from({ length: 8 }, (_, i) => `t${i}`);
  for (const text of texts) open(text);
  const ends = await Promise.all(texts.map((text, i) => start(i % 2 === 0 ? "local" : "script", text)));
  expect(ends.map(({ code }) => code)).toEqual(texts.map(() => 0));
  const got = await Promise.all(texts.map((text) => gotOf(cwd, text)));
  expect(got).toEqual(texts.map((text) => `${text}\n${text}`));
  open("after");
  expect(await start("local", "after")).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining("still running"),
  });
}, 60_000);

test.each(["local", "script"])("one that can have no directory of its own does not begin (%s)", async (how) => {
  const { cwd, gate, start, open } = await newPlace();
  const first = start("local", "one");
  await until(path.join(gate, "one-began"));
  writeFileSync(path.join(cwd, ".magnus/work"), "in the way");
  const second = await start(how, "two");
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("cannot get its own directory")]);
  open("one");
  expect((await first).code).toBe(0);
});

test("isolate: never says that both write the same files", async () => {
  const { gate, start, open } = await newPlace();
  const first = start("local", "one");
  await until(path.join(gate, "one-began"));
  open("two");
  const second = await start("local", "two", ["--set", "isolate=never"]);
  expect(second.stderr).toMatch(
    /warning: the run one is still running in this folder .*, and isolate: never lets both write/,
  );
  open("one");
  await first;
});

test("a run that a step starts belongs to that step's run", async () => {
  const inner = `dag:
  steps:
    - {name: make, type: task, command_type: shell, command: echo made >made.txt}
`;
  const outer = `dag:
  steps:
    - {name: start, type: task, command_type: shell, command: '"$NODE" "$PROGRAM" run inner.yaml -q && cat made.txt'}
`;
  const cwd = workspace({ "outer.yaml": outer, "inner.yaml": inner });
  const env = { NODE: process.execPath, PROGRAM: magnus };
  const { code, stderr } = await runMagnus(["run", "outer.yaml"], { cwd, env });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("still running")]);
  expect(existsSync(path.join(cwd, "made.txt"))).toBe(true);
});

test("steps that share files without the catalog share those of their own run", async () => {
  const text = `parameters: {text: none}
dag:
  steps:
    - {name: write, type: task, command_type: shell, command: 'echo "$text" >o.txt; touch "$GATE/$text-began"; while [ ! -e "$GATE/$text-may-end" ]; do sleep 0.02; done'}
    - {name: read, type: task, command_type: shell, command: 'got=$(cat o.txt)', returns: [got]}
`;
  const { cwd, gate, start, open } = await newPlace({ "p.yaml": text });
  const first = start("local", "one");
  await until(path.join(gate, "one-began"));
  open("two");
  await start("script", "two");
  open("one");
  await first;
  expect([await gotOf(cwd, "one"), await gotOf(cwd, "two")]).toEqual(["one", "two"]);
});
