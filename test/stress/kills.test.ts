/**
 * kill -9 at random moments of what supervises commands: docs/trust.md says what holds then. KILLS is how many there are
 * of each kind; its usual number is for every day.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Event } from "../../src/protocol/event.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { containerProject } from "../support/container-project.ts";
import { magnus, plainEnvironment, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const kills = Number(process.env.KILLS ?? 6);
const canary = "canary-of-37-feathers";

/** Says that it runs as long as it does, also where a part of it has left its process group. */
const work = `mkdir -p running; echo $$ >running/$$; set -m 2>/dev/null; sleep 0.12 & echo "$API_TOKEN"; sleep 0.12; rm running/$$`;
/** Of all that says that it runs, some does: the handler is beside its failed command. */
const handler = `for pid in $(ls running); do if grep -qs '^State:.[^ZX]' /proc/$pid/status; then echo $pid >>beside; fi; done`;
const step = (name: string, command: string, more = ""): string =>
  `{name: ${name}, type: task, command_type: shell, secrets: [API_TOKEN], command: ${JSON.stringify(command)}${more}}`;
const pipeline = `parameters: {n: [1, 2]}
dag:
  steps:
    - ${step("one", `${work}; export MAGNUS_PRM_a=1`, ", on_failure: mend")}
    - name: each
      type: map
      iterate_on: n
      iterate_as: i
      on_failure: mend
      branch: {steps: [${step("work", work)}, ${step("more", work)}]}
    - ${step("last", work, ", on_failure: mend, next: success")}
    - ${step("mend", handler, ", next: success")}
`;

interface Project {
  readonly cwd: string;
  /** A folder for temporary files of its own. */
  readonly temporary: string;
  readonly env: Record<string, string>;
}

function project(cwd = workspace({ "pipeline.yaml": pipeline }), more: Record<string, string> = {}): Project {
  const temporary = path.join(workspace(), "tmp");
  mkdirSync(temporary);
  const env = { ...plainEnvironment(), MAGNUS_SHIM: shim, API_TOKEN: canary, ...more, TMPDIR: temporary };
  return { cwd: realpathSync(cwd), temporary, env };
}

test(`magnus run, killed ${kills} times`, async () => {
  const here = project();
  const start = (id: string) => [process.execPath, magnus, "run", "pipeline.yaml", "--json", "--run-id", id];
  const whole = await duration(here, start("whole"));
  for (let i = 0; i < kills; i++) {
    const child = begin(here, start(`r${i}`));
    await afterTime(moment(whole, i));
    child.process.kill("SIGKILL");
    const printed = await child.ended;
    await expectPeace(here);
    await expectRecorded(here, `r${i}`, printed);
    await expectClosable(here, `r${i}`);
  }
  await expectSwept(here, start("last"));
});

test.for(["sh", "bash"])(`a script under %s, killed ${kills} times, or a part of it`, async (shell) => {
  const here = project();
  expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], here)).code).toBe(0);
  const start = (id: string) => [shell, "pipeline.sh", "--run-id", id];
  const whole = await duration(here, start("whole"));
  for (let i = 0; i < kills; i++) {
    const child = begin(here, start(`r${i}`));
    await afterTime(moment(whole, i));
    if (i % 3 === 2) killOne(here, "pipeline.sh", child.process.pid);
    else child.process.kill("SIGKILL");
    await child.ended;
    await expectPeace(here);
    await expectClosable(here, `r${i}`);
  }
  await expectSwept(here, start("last"));
});

test(`the shims of a script, killed ${kills} times`, async () => {
  const here = project();
  expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], here)).code).toBe(0);
  const start = (id: string) => ["sh", "pipeline.sh", "--run-id", id];
  const whole = await duration(here, start("whole"));
  for (let i = 0; i < kills; i++) {
    const child = begin(here, start(`r${i}`));
    await afterTime(moment(whole, i));
    killOne(here, "start.cjs\0run\0");
    await child.ended;
    await expectPeace(here);
    const events = await eventsOf(here, `r${i}`);
    expect(events.filter(({ kind }) => kind === "run.finished").length).toBe(events.length > 0 ? 1 : 0);
  }
  await expectSwept(here, start("last"));
});

test(`steps in containers, magnus or the shim inside killed ${kills} times`, async () => {
  const container = containerProject({ "pipeline.yaml": pipeline });
  const here = project(container.cwd, container.env);
  const start = (id: string) => [process.execPath, magnus, "run", "pipeline.yaml", "--run-id", id];
  const whole = await duration(here, start("whole"));
  for (let i = 0; i < kills; i++) {
    const child = begin(here, start(`r${i}`));
    await afterTime(moment(whole, i));
    if (i % 3 === 2) killOne(here, "start.cjs\0run\0");
    else child.process.kill("SIGKILL");
    await child.ended;
    await expectPeace(here);
    await expectClosable(here, `r${i}`);
  }
  await expectSwept(here, start("last"));
});

/** Moments over the whole of it, its first and its last ones too. */
function moment(whole: number, i: number): number {
  return (whole * ((i * 0.618 + Math.random() * 0.1) % 1)) / 1;
}

function afterTime(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function begin({ cwd, env }: Project, [file = "", ...args]: readonly string[]) {
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "ignore"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const ended = new Promise<string>((resolve) => child.on("exit", () => resolve(printed)));
  return { process: child as ChildProcess, ended };
}

async function duration(here: Project, command: readonly string[]): Promise<number> {
  const from = performance.now();
  await begin(here, command).ended;
  return performance.now() - from;
}

/** Kills one of the project's processes whose command line has that text. */
function killOne({ cwd }: Project, text: string, except?: number): void {
  const found = processesIn(cwd).filter(({ pid, command }) => pid !== except && command.includes(text));
  const chosen = found[Math.floor(Math.random() * found.length)];
  if (chosen !== undefined) process.kill(chosen.pid, "SIGKILL");
}

/** Nothing runs any more, no handler ran beside its command, and the secret is in no file and no argument. */
async function expectPeace({ cwd, temporary }: Project): Promise<void> {
  await expect
    .poll(() => processesIn(cwd).map(({ command }) => command), { timeout: patience, interval: 20 })
    .toEqual([]);
  expect(existsSync(path.join(cwd, "beside"))).toBe(false);
  for (const folder of [temporary, cwd]) expect(filesWith(folder, canary)).toEqual([]);
  rmSync(path.join(cwd, "running"), { recursive: true, force: true });
}

/** Two seconds by themselves; more where the machine has other work. */
const patience = Number(process.env.PATIENCE ?? 20_000);

async function expectRecorded(here: Project, run: string, printed: string): Promise<void> {
  const known = new Set((await eventsOf(here, run)).map(({ id }) => id));
  const lines = printed.split("\n").slice(0, -1);
  for (const event of lines.map((line): Event => JSON.parse(line))) {
    if (event.kind === "step.finished") expect(known).toContain(event.id);
  }
}

async function expectClosable(here: Project, run: string): Promise<void> {
  if (!existsSync(path.join(here.cwd, ".magnus/runs", run))) return;
  // Killed before its first record, it has no owner.
  const gone = (await eventsOf(here, run)).length === 0 ? ["--gone"] : [];
  const closed = await runMagnus(["runs", "close", run, ...gone], { cwd: here.cwd, env: here.env });
  expect(closed.code, closed.stderr).toBe(0);
  expect(closed.stdout).not.toContain("running");
}

async function expectSwept(here: Project, command: readonly string[]): Promise<void> {
  await begin(here, command).ended;
  expect(readdirSync(here.temporary)).toEqual([]);
}

function eventsOf({ cwd }: Project, run: string): Promise<readonly Event[]> {
  return readEvents(fileSystemRunLogStore(path.join(cwd, ".magnus/runs")).open(run));
}

/** By their folder, which each of them has. */
function processesIn(cwd: string): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (readlinkSync(`/proc/${name}/cwd`) !== cwd) return [];
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
    } catch {
      // It has ended.
      return [];
    }
  });
}

function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}
