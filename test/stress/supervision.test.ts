/** The shim as a process: what it does to memory and disk, and what signals and the system do to it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Event } from "../../src/protocol/event.ts";
import { printSpec } from "../../src/protocol/spec-text.ts";
import type { TaskSpec } from "../../src/protocol/step-spec.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { type Ended, plainEnvironment, run, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** The arguments of a shim that runs one step, the only one of its run. */
function stepOf(task: Partial<TaskSpec> & { readonly command: string }): string[] {
  const [ok, failed] = [{ end: "success", name: "success" } as const, { end: "fail", name: "fail" } as const];
  const path = [{ node: "only", start: true, ok, failed }] as const;
  const spec = { path, run: { pipeline: "p", digest: "0", parameters: {} }, task: { type: "shell", ...task } } as const;
  return ["run", "--spec", printSpec(spec)];
}

function runStep(cwd: string, task: Parameters<typeof stepOf>[0], env: Record<string, string> = {}): Promise<Ended> {
  return run(process.execPath, [shim, ...stepOf(task)], { cwd, env: { MAGNUS_RUN_ID: "r", ...env } });
}

function eventsOf(cwd: string, id = "r"): Promise<readonly Event[]> {
  return readEvents(fileSystemRunLogStore(path.join(cwd, ".magnus/runs")).open(id));
}

function finishesOf(events: readonly Event[]) {
  return events.flatMap((event) => (event.kind === "step.finished" ? [event.data] : []));
}

function warningsOf(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "warning" ? [event.data.message] : []));
}

describe("memory", () => {
  test("does not grow with what a step prints, secrets masked or not", async () => {
    // The largest resident set, which Node knows of itself: in KiB.
    const cwd = workspace({
      "peak.cjs": `process.on("exit", () => require("fs").writeFileSync("peak", String(process.resourceUsage().maxRSS)))`,
    });
    const peak = async (megabytes: number, secrets: string[]): Promise<number> => {
      const command = `head -c ${megabytes}000000 /dev/zero | tr '\\0' '\\n' | sed 's/$/a line of output/' | head -c ${megabytes}000000`;
      const args = ["--require", "./peak.cjs", shim, ...stepOf({ command, secrets })];
      const env = {
        ...plainEnvironment(),
        MAGNUS_RUN_ID: `r-${megabytes}-${secrets.length}`,
        TOKEN: "a line of secrets",
      };
      const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
      expect(await codeOf(child)).toBe(0);
      return Number(readFileSync(path.join(cwd, "peak"), "utf8")) / 1024;
    };
    const small = await peak(32, []);
    const large = await peak(256, []);
    expect(large).toBeLessThan(small + 30);
    expect(await peak(256, ["TOKEN"])).toBeLessThan(small + 50);
  });
});

describe("signals", () => {
  test("TERM, INT and HUP at 36 moments of a step: what started has one finish that agrees with the code", async () => {
    const cwd = workspace();
    const task = { command: "sleep 0.05; x=1", returns: [{ name: "x", kind: "json" }] } as const;
    const begin = performance.now();
    expect((await runStep(cwd, task, { MAGNUS_RUN_ID: "whole" })).code).toBe(0);
    const whole = performance.now() - begin;
    const codes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;
    const counts = { success: 0, cancelled: 0, unborn: 0 };
    for (let i = 0; i < 36; i++) {
      const signal = (["SIGTERM", "SIGINT", "SIGHUP"] as const)[i % 3] ?? "SIGTERM";
      const id = `r${i}`;
      const env = { ...plainEnvironment(), MAGNUS_RUN_ID: id };
      const child = spawn(process.execPath, [shim, ...stepOf(task)], { cwd, env, stdio: "ignore" });
      setTimeout(() => child.kill(signal), (whole * (i + 0.5)) / 36);
      const code = await codeOf(child);
      const finishes = finishesOf(await eventsOf(cwd, id));
      // Killed by the signal: it came before the program had begun, or when it had done everything and was leaving.
      const outcome = code === null ? "unborn" : code === 0 ? "success" : "cancelled";
      counts[outcome]++;
      if (code === null && finishes.length > 0) {
        expect(finishes.map(({ status }) => status)).toEqual(["success"]);
        continue;
      }
      expect([code, finishes.map(({ status }) => status)]).toEqual(
        outcome === "unborn" ? [null, []] : [outcome === "success" ? 0 : codes[signal], [outcome]],
      );
    }
    expect(counts.cancelled).toBeGreaterThan(0);
  });

  test("KILL at 100 moments of a step, then the step again: one success, never none and never two", async () => {
    const cwd = workspace();
    const task = { command: "echo work >>worked-$MAGNUS_RUN_ID; sleep 0.02" };
    const begin = performance.now();
    await runStep(cwd, task, { MAGNUS_RUN_ID: "whole" });
    const whole = performance.now() - begin;
    let repeated = 0;
    for (let i = 0; i < 100; i++) {
      const id = `r${i}`;
      const env = { ...plainEnvironment(), MAGNUS_RUN_ID: id };
      const child = spawn(process.execPath, [shim, ...stepOf(task)], { cwd, env, stdio: "ignore" });
      setTimeout(() => child.kill("SIGKILL"), (whole * 1.1 * (i + 0.5)) / 100);
      await codeOf(child);
      const before = finishesOf(await eventsOf(cwd, id));
      expect((await runStep(cwd, task, { MAGNUS_RUN_ID: id })).code).toBe(0);
      const after = await eventsOf(cwd, id);
      expect(finishesOf(after).map(({ status }) => status)).toEqual(["success"]);
      // A success that is recorded is not done again.
      const starts = after.filter((event) => event.kind === "step.started").length;
      expect(starts).toBeLessThanOrEqual(before.length === 1 ? 1 : 2);
      if (starts === 2) repeated++;
    }
    expect(repeated).toBeGreaterThan(0);
  });
});

/** Runs a script with a small file system at `full`; undefined, with its reason, where nothing can be mounted. */
async function onSmallDisk(cwd: string, size: string, script: string): Promise<Ended | undefined> {
  mkdirSync(path.join(cwd, "full"), { recursive: true });
  const whole = `mount -t tmpfs -o size=${size} none full && { ${script}; }`;
  const ended = await run("unshare", ["-m", "sh", "-c", whole], { cwd, env: { MAGNUS_RUN_ID: "r" } });
  if (!/not permitted|denied|not found/i.test(ended.stderr)) return ended;
  process.stderr.write(`not tested: a full disk, since nothing can be mounted here: ${ended.stderr.trim()}\n`);
  return undefined;
}

const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
const shimWords = (task: Parameters<typeof stepOf>[0]): string => quoted([process.execPath, shim, ...stepOf(task)]);
const folders = (log: string, catalog: string): string =>
  `export MAGNUS_SERVICES='${JSON.stringify({
    run_log_store: { type: "file-system", log_folder: log },
    catalog: { type: "file-system", catalog_location: catalog },
  })}'`;

describe("a full disk", () => {
  test("under the catalog: the step fails and says so; nothing half stays behind", async () => {
    const cwd = workspace();
    const task = { command: "head -c 3000000 /dev/zero >big.bin", catalog: { put: [{ pattern: "big.bin" }] } };
    const script = `${folders(".magnus/runs", "full/catalog")}; ${shimWords(task)}; echo "code $?"; find full -type f`;
    const ended = await onSmallDisk(cwd, "1m", script);
    if (ended === undefined) return;
    expect(ended.stdout).toBe("code 1\n");
    expect(ended.stderr).toMatch(/magnus: only failed: .*no space left/);
    expect(finishesOf(await eventsOf(cwd))).toMatchObject([{ status: "failed", reason: "catalog-put", exitCode: 0 }]);
  });

  test("under the run log: the capture of what is printed ends, the step goes on", async () => {
    const cwd = workspace();
    const task = { command: "head -c 3000000 /dev/zero | tr '\\0' x; export MAGNUS_PRM_x=1" };
    const script = `${folders("full/runs", "catalog")}; ${shimWords(task)} >printed; echo "code $?"; cp -r full/runs kept`;
    const ended = await onSmallDisk(cwd, "1m", script);
    if (ended === undefined) return;
    expect([ended.stdout, readFileSync(path.join(cwd, "printed")).length], ended.stderr).toEqual([
      "code 0\n",
      3_000_000,
    ]);
    const events = await readEvents(fileSystemRunLogStore(path.join(cwd, "kept")).open("r"));
    expect(finishesOf(events)).toMatchObject([{ status: "success", delta: { x: 1 } }]);
    expect(warningsOf(events)).toEqual([expect.stringMatching(/^the log is lost: .*no space left/)]);
  });

  test("under the run log, to the last byte: one line and 74, and nothing says success", async () => {
    const cwd = workspace();
    const task = {
      command:
        "dd if=/dev/zero of=full/filler bs=4k 2>/dev/null; export MAGNUS_PRM_x=$(head -c 20000 /dev/zero | tr '\\0' x)",
    };
    const script = `${folders("full/runs", "catalog")}; ${shimWords(task)}; echo "code $?"; cp -r full/runs kept`;
    const ended = await onSmallDisk(cwd, "1m", script);
    if (ended === undefined) return;
    expect(ended.stdout, ended.stderr).toBe("code 74\n");
    expect(ended.stderr).toMatch(/^magnus-shim: cannot write .*no space left.*\n$/);
    const events = await readEvents(fileSystemRunLogStore(path.join(cwd, "kept")).open("r"));
    expect(finishesOf(events)).toEqual([]);
  });

  test("under temporary files: the step cannot start, and says so", async () => {
    const cwd = workspace();
    const filler = "dd if=/dev/zero of=full/filler bs=4k 2>/dev/null";
    const script = `export TMPDIR=full; ${filler}; ${shimWords({ command: "true" })}; echo "code $?"`;
    const ended = await onSmallDisk(cwd, "1m", script);
    if (ended === undefined) return;
    expect(ended.stdout, ended.stderr).toBe("code 1\n");
    expect(ended.stderr).toMatch(/only failed: cannot stage the step: .*no space left/);
  });
});

describe("out of memory", () => {
  test("a limit of the command's own fails it with the code and the words of the command", async () => {
    const cwd = workspace();
    const { code, stderr } = await runStep(cwd, {
      command: `ulimit -v 400000; python3 -c "x = bytearray(1 << 30)"`,
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("MemoryError")]);
    expect(finishesOf(await eventsOf(cwd))).toMatchObject([{ status: "failed", exitCode: 1 }]);
  });

  const probe = memoryGroup();
  // Made anew by the test, which may not be among those that run.
  if (typeof probe === "string") {
    process.stderr.write(`not tested: the system's end of a step for lack of memory: ${probe}\n`);
  } else rmdirSync(probe.folder);
  test.skipIf(typeof probe === "string")("of the cgroup: the record says that the system ended it", async () => {
    const group = memoryGroup();
    if (typeof group === "string") throw new Error(group);
    // Processes leave a group a moment after their end is told.
    onTestFinished(() => expect.poll(() => rmdirSync(group.folder), { timeout: 10_000 }).toBeUndefined());
    const cwd = workspace();
    const script = `echo $$ >${group.folder}/cgroup.procs && exec ${shimWords({ command: "head -c 800m /dev/zero | tail" })}`;
    const { code, stderr } = await run("sh", ["-c", script], { cwd, env: { MAGNUS_RUN_ID: "r" } });
    expect([code, stderr]).toEqual([137, expect.stringContaining("killed by the system: out of memory")]);
    expect(finishesOf(await eventsOf(cwd))).toMatchObject([{ reason: "out-of-memory", exitCode: 137 }]);
  });
});

/** A new cgroup of 200 MB, of either version; else why there is none. */
function memoryGroup(): { readonly folder: string } | string {
  const name = `magnus-test-${process.pid}`;
  const places = [
    { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
    { root: "/sys/fs/cgroup", limit: "memory.max" },
  ];
  const place = places.find(({ root }) => existsSync(path.join(root, "cgroup.procs")));
  if (place === undefined) return "there are no cgroups here";
  const folder = path.join(place.root, name);
  try {
    mkdirSync(folder);
    writeFileSync(path.join(folder, place.limit), "200000000");
    return { folder };
  } catch (error) {
    if (existsSync(folder)) rmdirSync(folder);
    return error instanceof Error ? error.message : String(error);
  }
}

describe("as the first process of a container", () => {
  const cannot = spawnSync("unshare", ["-pfm", "--mount-proc", "true"]);
  const reason = cannot.error?.message ?? (cannot.status === 0 ? undefined : cannot.stderr.toString().trim());
  if (reason !== undefined) process.stderr.write(`not tested: the shim as the first process: ${reason}\n`);
  test.skipIf(reason !== undefined)("it ends with its step, whatever orphans it was left", async () => {
    const cwd = workspace();
    // Orphans that end (nobody collects them) and one that stays, holding the output.
    const orphans = "for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; (sleep 600 &); sleep 0.1; exit 7";
    const args = ["-pfm", "--mount-proc", process.execPath, shim, ...stepOf({ command: orphans })];
    const { code } = await run("unshare", args, { cwd, env: { MAGNUS_RUN_ID: "r" } });
    expect(code).toBe(7);
    expect(finishesOf(await eventsOf(cwd))).toMatchObject([{ status: "failed", exitCode: 7 }]);
  });
});

function codeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}
