/**
 * An installed shim in images of every kind: it brings its own Node, loader and libraries, so the image needs what the
 * step's command needs and nothing more.
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printSpec } from "../../src/protocol/spec-text.ts";
import type { TaskSpec } from "../../src/protocol/step-spec.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { run, runMagnus, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";
import {
  busyboxRoot,
  findMusl,
  findStaticBusybox,
  type Step,
  shimOf,
  startInRoot,
  systemMounts,
  whyNoRoots,
} from "./roots.ts";

const noRoots = whyNoRoots();
const busybox = noRoots === undefined ? findStaticBusybox() : undefined;
const musl = busybox === undefined ? undefined : findMusl();
const reasons = [
  noRoots,
  ...(noRoots === undefined && busybox === undefined ? ["no static busybox, and its package cannot be had"] : []),
].filter((reason) => reason !== undefined);
for (const reason of reasons) process.stderr.write(`not tested: steps in any image: ${reason}\n`);

/** Installed once: 100 MB. */
let installed = "";
beforeAll(async () => {
  if (noRoots !== undefined) return;
  installed = mkdtempSync(path.join(tmpdir(), "magnus-installed-"));
  chmodSync(installed, 0o755);
  const ended = await run(process.execPath, [shim, "install", path.join(installed, "magnus")], { cwd: installed });
  expect(ended.code, ended.stderr).toBe(0);
});
afterAll(() => {
  if (installed !== "") rmSync(installed, { recursive: true });
});

interface Image {
  readonly root: string;
  readonly mounts: Step["mounts"];
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly project: string;
}

type Options = Partial<Pick<Step, "env" | "user" | "readOnly">>;

/** Starts a step in an image as a pod does: the shim read-only at /magnus, its outputs beside it, the project writable. */
function start(image: Image, task: TaskSpec, { env = {}, user = 0, readOnly = false }: Options) {
  const project = workspace();
  const out = path.join(project, "out");
  mkdirSync(out);
  for (const folder of [project, out]) chmodSync(folder, 0o777);
  writeFileSync(path.join(project, "steps.py"), "def double(n: int):\n    return {'twice': 2 * n}\n");
  const spec = printSpec({
    path: [{ node: "a", start: true, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } }],
    run: { pipeline: "p", digest: "0", parameters: { n: 21 } },
    task,
  });
  const child = startInRoot({
    root: image.root,
    mounts: { magnus: path.join(installed, "magnus"), work: project, out, ...image.mounts },
    writable: ["work", "out"],
    cwd: "work",
    argv: ["/magnus/magnus-shim", "run", "--spec", spec],
    env: { MAGNUS_RUN_ID: "r", MAGNUS_CONTROL_FILE: "/out/control", ...env },
    user,
    readOnly,
  });
  return { child, project };
}

async function runIn(image: Image, task: TaskSpec, options: Options = {}): Promise<Ended> {
  const { child, project } = start(image, task, options);
  return { ...(await endOf(child)), project };
}

function endOf(child: ChildProcess): Promise<Omit<Ended, "project">> {
  return new Promise((resolve, reject) => {
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        printed[stream] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...printed }));
  });
}

async function stepOf(project: string) {
  const view = foldRun(await readEvents(fileSystemRunLogStore(path.join(project, ".magnus/runs")).open("r")));
  return view.steps[0];
}

const shell = (command: string, rest: Partial<TaskSpec> = {}): TaskSpec => ({ type: "shell", command, ...rest });
const double: TaskSpec = { type: "python", command: "steps.double" };
const tools = ["sh", "id", "cat", "sleep", "env", "mkdir", "grep", "true"];
/** Fails where processes that a step left behind stay in the table of processes once they have ended. */
const orphans = `for i in 1 2 3 4 5 6 7 8; do (true &); done
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  grep -q "^State:.Z" /proc/[0-9]*/status 2>/dev/null || exit 0
  sleep 0.1
done
exit 3`;

describe.skipIf(reasons.length > 0)("an image of one static program with a shell", () => {
  const image = (): Image => ({ root: busyboxRoot(workspace(), busybox ?? "", tools), mounts: {} });

  test("runs a shell step and publishes what it sets", async () => {
    const { code, stdout, stderr, project } = await runIn(
      image(),
      shell("echo here $n; export twice=$((2 * n))", { returns: [{ name: "twice", kind: "json" }] }),
    );
    expect([code, stdout], stderr).toEqual([0, "here 21\n"]);
    expect(await stepOf(project)).toMatchObject({ status: "success", attempts: [{ delta: { twice: 42 } }] });
  });

  test("as any user, without HOME, with a read-only root that has no folder for temporary files", async () => {
    const options = { user: 4711, readOnly: true };
    const { code, stdout, stderr, project } = await runIn(image(), shell("id -u; echo $HOME; mkdir /no"), options);
    expect([code, stdout], stderr).toEqual([1, "4711\n\n"]);
    expect(stderr).toContain("Read-only file system");
    expect((await stepOf(project))?.status).toBe("failed");
  });

  test("TERM to the container's first process: the step gets it, the record is there, the code is 143", async () => {
    const { child, project } = start(
      image(),
      shell("trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.1; done"),
      {},
    );
    const ended = endOf(child);
    await new Promise<void>((resolve) =>
      child.stdout?.on("data", (text: string) => text.includes("ready") && resolve()),
    );
    process.kill(shimOf(child), "SIGTERM");
    expect(await ended).toMatchObject({ code: 143, stdout: "ready\nstopping\n" });
    expect((await stepOf(project))?.status).toBe("cancelled");
  });

  test("as a container's first process it reaps what steps leave behind, and ends as the step does", async () => {
    const { code, stderr } = await runIn(image(), shell(orphans));
    expect(code, stderr).toBe(0);
    expect((await runIn(image(), shell("exit 7"))).code).toBe(7);
  });

  test("a step in a language that the image has not says so", async () => {
    const { code, stderr } = await runIn(image(), double);
    expect([code, stderr]).toEqual([1, expect.stringContaining("needs python3")]);
  });
});

describe.skipIf(reasons.length > 0)("an image of one static program without a shell", () => {
  test("runs a container step, also as any user in a read-only root", async () => {
    const root = workspace();
    copyFileSync(busybox ?? "", path.join(root, "echo"));
    const task: TaskSpec = { type: "container", command: ["/echo", "only", "this"] };
    for (const options of [{}, { user: 4711, readOnly: true }]) {
      const { code, stdout, stderr } = await runIn({ root, mounts: {} }, task, options);
      expect([code, stdout], stderr).toEqual([0, "only this\n"]);
    }
    const { code, stderr } = await runIn({ root, mounts: {} }, shell("true"));
    expect([code, stderr]).toEqual([127, expect.stringContaining("/bin/sh")]);
  });
});

const noMusl = reasons.length > 0 || musl === undefined || spawnSync("gcc", ["--version"]).status !== 0;
if (reasons.length === 0 && noMusl)
  process.stderr.write("not tested: steps in an image of musl: it needs its package and gcc\n");

describe.skipIf(noMusl)("an image of musl", () => {
  test("keeps its own loader and libraries for its programs, whatever its environment says of them", async () => {
    const root = busyboxRoot(workspace(), busybox ?? "", tools);
    mkdirSync(path.join(root, "lib"));
    copyFileSync(musl ?? "", path.join(root, "lib/libc.so"));
    symlinkSync("libc.so", path.join(root, "lib/ld-musl-x86_64.so.1"));
    const source = path.join(root, "hello.c");
    writeFileSync(
      source,
      'int puts(const char *); void _exit(int); int fflush(void *);\nvoid _start(void) { puts("from musl"); fflush(0); _exit(0); }\n',
    );
    const flags = [
      "-nostdlib",
      "-fno-builtin",
      "-Wl,-dynamic-linker,/lib/ld-musl-x86_64.so.1",
      "-o",
      path.join(root, "bin/hello"),
    ];
    const built = spawnSync("gcc", [...flags, source, `-L${path.dirname(musl ?? "")}`, "-l:libc.so"], {
      encoding: "utf8",
    });
    expect(built.status, built.stderr).toBe(0);
    const env = { LD_LIBRARY_PATH: "/lib", LD_PRELOAD: "/lib/libc.so", NODE_OPTIONS: "--no-such-option" };
    const { code, stdout, stderr } = await runIn({ root, mounts: {} }, shell("hello; echo $LD_LIBRARY_PATH"), { env });
    expect([code, stdout], stderr).toEqual([0, "from musl\n/lib\n"]);
  });
});

const noPython = noRoots !== undefined || !existsSync("/usr/bin/python3");
if (noRoots === undefined && noPython)
  process.stderr.write("not tested: Python steps in an image: there is no /usr/bin/python3\n");

describe.skipIf(noPython)("an image of this distribution", () => {
  const image = (): Image => {
    const root = workspace();
    mkdirSync(path.join(root, "tmp"), { mode: 0o1777 });
    return { root, mounts: systemMounts(root) };
  };

  test("runs a Python step as any user in a read-only root, without HOME", async () => {
    const { code, stderr, project } = await runIn(image(), double, {
      user: 4711,
      readOnly: true,
      env: { PATH: "/usr/bin" },
    });
    expect(code, stderr).toBe(0);
    expect(await stepOf(project)).toMatchObject({ status: "success", attempts: [{ delta: { twice: 42 } }] });
  });

  test("runs a function of Node, which the image has not, in the shim's own", async () => {
    const { code, stdout, stderr } = await runIn(
      image(),
      { type: "node", command: "os#platform" },
      { env: { PATH: "/nowhere" } },
    );
    expect(code, stdout + stderr).toBe(0);
  });

  test("the shim image: its Dockerfile's commands make a root that installs the shim", async () => {
    const context = workspace();
    const made = workspace();
    expect((await runMagnus(["shim", "image", "-o", context, "-q"], { cwd: context })).code).toBe(0);
    const dockerfile = readFileSync(path.join(context, "Dockerfile"), "utf8");
    const command = /^RUN ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? "";
    const base = image();
    const build = startInRoot({
      root: base.root,
      mounts: { ...base.mounts, build: context, image: made, "opt/node": path.dirname(process.execPath) },
      writable: ["image"],
      cwd: "build",
      argv: ["/bin/sh", "-c", command],
      env: { PATH: "/opt/node:/usr/bin:/bin" },
      user: 0,
      readOnly: false,
    });
    expect(await endOf(build)).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(path.join(made, "tmp")).mode & 0o7777).toBe(0o1777);
    const volume = workspace();
    const installing = startInRoot({
      root: made,
      mounts: { volume },
      writable: ["volume"],
      cwd: "volume",
      argv: ["magnus-shim", "install", "/volume"],
      env: { PATH: /^ENV PATH=(.*)$/m.exec(dockerfile)?.[1] ?? "" },
      user: 0,
      readOnly: true,
    });
    expect(await endOf(installing)).toEqual({ code: 0, stdout: "", stderr: "" });
    const version = await run(path.join(volume, "magnus-shim"), ["version"], { cwd: volume, env: { PATH: "" } });
    expect(version.code).toBe(0);
  });
});
