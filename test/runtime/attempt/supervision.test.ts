import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../../src/run-log/record/write-events.ts";
import { claimAttempt } from "../../../src/runtime/attempt/claim-attempt.ts";
import type { StepServices } from "../../../src/runtime/attempt/step-run.ts";
import type { CatalogStore } from "../../../src/stores/contract/catalog-store.ts";
import type { RunLog } from "../../../src/stores/contract/run-log-store.ts";
import type { Secrets } from "../../../src/stores/contract/secrets.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { dataOf, newFolder, newServices, runShell, runTask } from "./step-harness.ts";

/** What a KILL may mean, by whichever way it is told. */
function mayBeMemory(code: number): string {
  return code === 137 ? " (out of memory?)" : "";
}

describe("the code of an attempt", () => {
  it("is the command's own, whichever it is", async () => {
    const services = newServices();
    const codes = Array.from({ length: 256 }, (_, code) => code);
    for (const code of codes) {
      const { result } = await runTask({ type: "container", command: ["sh", "-c", `exit ${code}`] }, { services });
      expect(result).toMatchObject(
        code === 0
          ? { status: "success", exitCode: 0 }
          : { status: "failed", reason: "exit", exitCode: code, message: `exit code ${code}${mayBeMemory(code)}` },
      );
    }
  });

  const fatal = ["HUP", "INT", "QUIT", "ILL", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "PIPE", "ALRM", "TERM"];
  it.each(fatal.map((name) => `SIG${name}` as NodeJS.Signals))("is 128 + n where %s ended it", async (signal) => {
    const command = ["sh", "-c", `ulimit -c 0; kill -${signal.slice(3)} $$`];
    const { result, events } = await runTask({ type: "container", command });
    expect(result).toMatchObject({ status: "failed", reason: "signal", exitCode: 128 + constants.signals[signal] });
    expect(dataOf(events, "step.finished")).toMatchObject([
      { signal, message: `killed by ${signal}${mayBeMemory(128 + constants.signals[signal])}` },
    ]);
  });
});

describe("output", () => {
  it("on standard error alone may be larger than a pipe", async () => {
    const { result, stdout, stderr, log } = await runShell("head -c 5000000 /dev/zero | tr '\\0' e >&2");
    expect([result.status, stdout.length, stderr.length, log.length]).toEqual(["success", 0, 5_000_000, 5_000_000]);
  });

  it("on both streams at a time stops neither", async () => {
    const half = "head -c 2000000 /dev/zero | tr '\\0'";
    const { result, stdout, stderr } = await runShell(`${half} o & ${half} e >&2; wait`);
    expect([result.status, stdout.length, stderr.length]).toEqual(["success", 2_000_000, 2_000_000]);
  });
});

describe("processes that a command started", () => {
  it("have the whole time to end, though no timer of Node's is so long", async () => {
    const script = `trap 'sleep 0.5; echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.1; done`;
    const services = { ...newServices(), graceMs: 2 ** 32 };
    const { stdout } = await runShell(script, { task: { timeoutMs: 1000 }, services });
    expect(stdout.toString()).toContain("cleaned");
  });

  it("are gone after a timeout, whatever they ignore and hold open", async () => {
    const script = `(trap '' TERM HUP; echo $$; while :; do sleep 0.1; done) & trap '' TERM; sleep 1000`;
    const services = { ...newServices(), graceMs: 100 };
    const { stdout, result } = await runShell(script, { task: { timeoutMs: 300 }, services });
    expect(result).toMatchObject({ status: "failed", reason: "timeout" });
    expect(stdout).toMatch(/^\d+\n$/);
    await expect.poll(() => statesInGroup(Number(stdout)), { timeout: 5000 }).toEqual([]);
  });

  it("are waited for: none of this process's children is left as a zombie", async () => {
    await runShell("sleep 0.01 & (exit 3) & kill -9 $!; exit 0");
    await runShell("exit 5");
    await runShell("kill -9 $$");
    const zombies = () => processes().filter(({ parent, state }) => parent === process.pid && state === "Z");
    await expect.poll(zombies, { timeout: 5000 }).toEqual([]);
  });
});

describe("a stop at any moment", () => {
  /** What an attempt asks of its services, in the order in which it does. */
  const stages = ["claim", "secret", "catalog get", "append 1", "output", "catalog put", "log", "append 2"] as const;

  it.each(stages)("%s: what started has one finish, and the code tells what it says", async (stage) => {
    const stop = new AbortController();
    const seen = new Set<string>();
    const reached = (name: string): void => {
      seen.add(name);
      if (name === stage) stop.abort("SIGTERM");
    };
    const usual = newServices({ TOKEN: "secret-token" });
    writeFileSync(join(usual.projectDir, "in.csv"), "x");
    const file = { name: "in.csv", ...(await usual.catalog.putFile(join(usual.projectDir, "in.csv"))) };
    const { result, events } = await runShell("echo hi; : >out.csv; x=1", {
      task: {
        secrets: ["TOKEN"],
        catalog: { get: [{ pattern: "in.csv" }], put: [{ pattern: "out.csv" }] },
        returns: [{ name: "x", kind: "json" }],
        maxAttempts: 3,
      },
      files: [file],
      services: { ...watched(usual, reached), stop: stop.signal, output: () => reached("output") },
    });
    expect(seen).toContain(stage);
    const started = events.filter((event) => event.kind === "step.started");
    const finished = dataOf(events, "step.finished");
    expect([started.length, finished.length]).toEqual([1, 1]);
    expect(events.at(-1)?.kind === "step.finished" || result.status === "cancelled").toBe(true);
    expect(finished[0]?.status).toBe(result.status);
    // Once the command has killed by itself, there is nothing left to stop: its results count.
    if (["catalog put", "log", "append 2"].includes(stage)) expect(result).toMatchObject({ status: "success" });
    if (["claim", "secret", "catalog get", "append 1"].includes(stage)) {
      expect(result).toMatchObject({ status: "cancelled", exitCode: 143, delta: {} });
    }
  });

  function watched(services: Omit<StepServices, "output">, reached: (name: string) => void) {
    let appended = 0;
    const log: RunLog = {
      ...services.log,
      append: async (events) => {
        reached(`append ${++appended}`);
        return services.log.append(events);
      },
      putIfAbsent: async (key, content) => {
        reached("log");
        return services.log.putIfAbsent(key, content);
      },
    };
    const catalog: CatalogStore = {
      ...services.catalog,
      getFile: async (...args) => {
        reached("catalog get");
        return services.catalog.getFile(...args);
      },
      putFile: async (file) => {
        reached("catalog put");
        return services.catalog.putFile(file);
      },
    };
    const secrets: Secrets = {
      ...services.secrets,
      get: (name) => {
        reached("secret");
        return services.secrets.get(name);
      },
    };
    const claimAttempt: StepServices["claimAttempt"] = (path, gather) => {
      reached("claim");
      return services.claimAttempt(path, gather);
    };
    return { ...services, log, catalog, secrets, claimAttempt, writer: openEventWriter(log) };
  }
});

describe("a run log that disappears while a step runs", () => {
  it("and returns: the step ends as if nothing had been", async () => {
    const { services, root, away } = storedServices();
    const script = `mv ${root} ${away}; sleep 0.05; mv ${away} ${root}; echo done`;
    const { result, events, log } = await runShell(script, { services });
    expect([result.status, log]).toEqual(["success", "done\n"]);
    expect(dataOf(events, "step.finished")).toMatchObject([{ status: "success" }]);
  });

  it("and stays away: the step rejects, and its next attempt runs when the log is back", async () => {
    const { services, root, away } = storedServices();
    // A file where the folder was, as an unmounted volume refuses writes.
    await expect(runShell(`mv ${root} ${away}; : >${root}`, { services })).rejects.toThrow("cannot write");
    renameSync(root, `${root}.file`);
    renameSync(away, root);
    const { result, events } = await runShell("true", { services });
    expect(result).toMatchObject({ status: "success", attempt: 2 });
    expect(dataOf(events, "step.finished")).toHaveLength(1);
    expect(events.filter((event) => event.kind === "step.started").map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  function storedServices() {
    const folder = newFolder();
    const root = join(folder, "runs");
    const log = fileSystemRunLogStore(root).open("run-1");
    const services = {
      ...newServices(),
      log,
      writer: openEventWriter(log),
      claimAttempt: (path: Parameters<typeof claimAttempt>[1]) => claimAttempt(log, path),
    };
    return { services, root, away: join(folder, "away") };
  }
});

describe("a clock that jumps", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["a year back", "2025-11-25T00:00:00Z"],
    ["a year ahead", "2027-11-25T00:00:00Z"],
    ["before any computer", "1970-01-01T00:00:00Z"],
  ])("%s: durations, order, timeouts and ids hold", async (_, to) => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-25T00:00:00Z") });
    const services = newServices();
    const first = await runShell("echo jump; sleep 0.2; echo still here", {
      task: { timeoutMs: 30_000 },
      services: { ...services, output: () => void vi.setSystemTime(new Date(to)) },
    });
    expect(first.result.status).toBe("success");
    const second = await runShell("sleep 1000", { task: { timeoutMs: 100 }, services: { ...services, graceMs: 100 } });
    expect(second.result.reason).toBe("timeout");
    const events = await readEvents(services.log);
    for (const { durationMs } of dataOf(events, "step.finished")) {
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(durationMs).toBeLessThan(30_000);
    }
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    const ids = events.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
  });
});

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly state: string;
}

function processes(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The command's name, in brackets, may hold anything.
        const [state = "", parent, group] = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), state }];
      } catch {
        return [];
      }
    });
}

/** States of the living processes in a group. */
function statesInGroup(group: number): readonly string[] {
  return processes()
    .filter((one) => one.group === group && one.state !== "Z")
    .map(({ state }) => state);
}
