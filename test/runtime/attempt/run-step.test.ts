import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Path } from "../../../src/protocol/path.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../../src/run-log/record/write-events.ts";
import { runStep } from "../../../src/runtime/attempt/run-step.ts";
import type { RunLog } from "../../../src/stores/contract/run-log-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import { dataOf, kindsOf, leafPath, newFolder, newServices, run, runShell } from "./step-harness.ts";

const ends = { ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } } as const;

describe("the records of an attempt", () => {
  it("are in order, the finish last, and carry the step's head", async () => {
    const { events, services } = await runShell("echo hi; export MAGNUS_TRACK_m=1 MAGNUS_PRM_x=2; : > out.csv", {
      task: { catalog: { put: [{ pattern: "*.csv" }] } },
    });
    expect(kindsOf(events)).toEqual(["step.started", "catalog.put", "metric", "log.stored", "step.finished"]);
    expect(events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    for (const event of events) {
      expect(event).toMatchObject({
        v: 1,
        run: "run-1",
        writer: services.writer.writer,
        path: leafPath,
        attempt: 1,
        round: 1,
      });
    }
    expect(new Set(events.map((event) => event.id)).size).toBe(5);
    expect(dataOf(events, "step.started")).toEqual([
      { command: "echo hi; export MAGNUS_TRACK_m=1 MAGNUS_PRM_x=2; : > out.csv", commandType: "shell" },
    ]);
    expect(dataOf(events, "step.finished")[0]).toMatchObject({ status: "success", exitCode: 0, delta: { x: 2 } });
  });

  it("a silent task has no log", async () => {
    expect(kindsOf((await runShell("true")).events)).toEqual(["step.started", "step.finished"]);
  });

  it("step.started is in the log before the command runs", async () => {
    const services = newServices();
    const kinds: string[] = [];
    await runShell("echo running", {
      services: {
        ...services,
        output: async () => {
          kinds.push(...kindsOf(await readEvents(services.log)));
        },
      },
    });
    expect(kinds).toEqual(["step.started"]);
  });

  it("temporary files are gone afterwards", async () => {
    const { stdout } = await runShell('echo "$MAGNUS_PARAMETERS_FILE"; echo {} >"$MAGNUS_OUTPUT_FILE"', {
      visible: { x: 1 },
    });
    const file = stdout.trim();
    const number =
      file
        .replace(/\.parameters\.json$/, ".")
        .split("/")
        .at(-1) ?? "?";
    expect(readdirSync(join(file, "..")).filter((name) => name.startsWith(number))).toEqual([]);
  });

  it("a run log that cannot be written rejects", async () => {
    const broken = (log: RunLog): RunLog => ({
      ...log,
      append: async () => {
        throw new StoreError("cannot write", "/log", "no space left");
      },
    });
    const services = newServices();
    const log = broken(services.log);
    const step = { spec: { path: leafPath, task: { type: "shell", command: "true" } }, path: leafPath } as const;
    const given = { ...step, visible: {}, items: {}, files: new Map(), round: 1 };
    const writer = openEventWriter(log);
    await expect(runStep(given, { ...services, log, writer, output: () => {} })).rejects.toThrow(
      "cannot write /log: no space left",
    );
  });

  it("a log that cannot be stored is a warning and no failure", async () => {
    const services = newServices();
    const log: RunLog = {
      ...services.log,
      putIfAbsent: async () => {
        throw new StoreError("cannot write", "/log", "no space left");
      },
    };
    const { result, events } = await runShell("echo hi", { services: { ...services, log } });
    expect(result.status).toBe("success");
    expect(dataOf(events, "warning")).toEqual([
      { message: "the log is lost: cannot write /log: no space left", log: "lost" },
    ]);
    expect(kindsOf(events).at(-1)).toBe("step.finished");
  });
});

describe("attempts", () => {
  it("are repeated until one succeeds; only its results count", async () => {
    const { result, events } = await runShell(
      "export MAGNUS_PRM_x=$MAGNUS_ATTEMPT; mkdir left || exit 9; [ $MAGNUS_ATTEMPT = 3 ]",
      {
        task: { maxAttempts: 5 },
      },
    );
    expect(result).toMatchObject({ status: "success", attempt: 3, delta: { x: 3 } });
    const finished = events.filter((event) => event.kind === "step.finished");
    expect(finished.map(({ attempt, data }) => [attempt, data.status, data.retry])).toEqual([
      [1, "failed", true],
      [2, "failed", true],
      [3, "success", undefined],
    ]);
  });

  it("end with the last one's failure, which promises no other", async () => {
    const { result, events } = await runShell("exit 7", { task: { maxAttempts: 2 } });
    expect(result).toMatchObject({ status: "failed", attempt: 2, exitCode: 7 });
    expect(dataOf(events, "step.finished").map(({ retry }) => retry)).toEqual([true, undefined]);
  });

  it("are left to the platform where it repeats", async () => {
    const first = await runShell("exit 7", { task: { maxAttempts: 2 }, spec: { platformRetries: true } });
    expect(dataOf(first.events, "step.finished").map(({ retry }) => retry)).toEqual([true]);
    const second = await runShell("exit 7", {
      task: { maxAttempts: 2 },
      spec: { platformRetries: true },
      step: { triesBefore: 1 },
    });
    expect(dataOf(second.events, "step.finished").map(({ retry }) => retry)).toEqual([undefined]);
  });

  it("take the first number that nobody has claimed", async () => {
    const services = newServices();
    expect(await services.claimAttempt(leafPath)).toBe(1);
    const { result } = await runShell("true", { services });
    expect(result.attempt).toBe(2);
  });

  it("a stop while waiting for the next one ends cancelled, in a record of its own", async () => {
    const stop = new AbortController();
    const services = newServices();
    const backoff = { initialMs: 3_600_000, factor: 1, maxMs: 3_600_000 };
    const running = runShell("exit 1", {
      task: { maxAttempts: 2, backoff },
      services: { ...services, stop: stop.signal },
    });
    const failed = async () => dataOf(await readEvents(services.log), "step.finished").length === 1;
    await expect.poll(failed, { timeout: 20_000 }).toBe(true);
    stop.abort("SIGTERM");
    const { result, events } = await running;
    expect(result).toMatchObject({ status: "cancelled", attempt: 2, message: "stopped by SIGTERM" });
    expect(dataOf(events, "step.finished").map(({ status }) => status)).toEqual(["failed", "cancelled"]);
  });
});

describe("timeouts and stops", () => {
  it("a timeout is failed, and takes the whole process group", async () => {
    const services = { ...newServices(), graceMs: 200 };
    const { result } = await runShell(`trap '' TERM; (trap '' TERM; echo $$; sleep 1000) & wait; sleep 1000`, {
      task: { timeoutMs: 300 },
      services,
    });
    expect(result).toMatchObject({
      status: "failed",
      reason: "timeout",
      message: "timed out after 300 ms",
      exitCode: 137,
    });
  });

  it("gives the task its grace to end by itself", async () => {
    const { result, log } = await runShell(`trap 'echo tidy; exit 9' TERM; echo ready; while :; do sleep 0.05; done`, {
      task: { timeoutMs: 500 },
    });
    expect(log).toMatch(/^ready\n(?:.*\n)*tidy\n$/);
    expect(result).toMatchObject({ status: "failed", reason: "timeout", exitCode: 9 });
  });

  it.each([
    ["when the task has ended", false, ["step.started"]],
    ["before that, where a platform may not wait", true, ["step.started", "step.finished"]],
  ])("a stop is recorded %s", async (_, recordsStopAtOnce, recorded) => {
    const stop = new AbortController();
    const services = newServices();
    const seen: string[] = [];
    const running = runShell(`trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.05; done`, {
      services: {
        ...services,
        recordsStopAtOnce,
        stop: stop.signal,
        output: async (_, chunk) => {
          const text = Buffer.from(chunk).toString();
          if (text.includes("bye")) seen.push(...kindsOf(await readEvents(services.log)));
          else stop.abort("SIGINT");
        },
      },
    });
    const { result, events, log } = await running;
    expect(seen).toEqual(recorded);
    expect(result).toMatchObject({
      status: "cancelled",
      reason: "cancelled",
      message: "stopped by SIGINT",
      delta: {},
      exitCode: 130,
    });
    expect(dataOf(events, "step.finished")).toMatchObject([{ status: "cancelled", message: "stopped by SIGINT" }]);
    expect(log).toBe("ready\nbye\n");
  });

  it("a stop is not repeated, however many attempts there are", async () => {
    const stop = new AbortController();
    stop.abort("SIGTERM");
    const { result, events } = await runShell("exit 1", {
      task: { maxAttempts: 3 },
      services: { ...newServices(), stop: stop.signal },
    });
    expect(result).toMatchObject({ status: "cancelled", attempt: 1, exitCode: 143 });
    expect(kindsOf(events)).toEqual(["step.started", "step.finished"]);
  });

  it("kill ends at once what ignores the stop", async () => {
    const stop = new AbortController();
    const kill = new AbortController();
    const { result } = await runShell(`trap '' TERM; echo ready; while :; do sleep 0.05; done`, {
      services: {
        ...newServices(),
        graceMs: 3_600_000,
        stop: stop.signal,
        kill: kill.signal,
        output: () => {
          stop.abort("SIGTERM");
          setTimeout(() => kill.abort(), 50);
        },
      },
    });
    expect(result).toMatchObject({ status: "cancelled", exitCode: 137 });
  });

  it("does not wait for a process that was left behind with the output open", async () => {
    const { result, log, stdout } = await runShell("echo before; sleep 30 & echo $!");
    const pid = Number(stdout.split("\n")[1]);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    process.kill(pid, "SIGKILL");
    expect(result.status).toBe("success");
    expect(log).toBe(`before\n${pid}\n`);
  });
});

describe("output", () => {
  it("waits for a sink that is slow, and loses nothing", async () => {
    let received = 0;
    let busy = false;
    const { result, log } = await runShell("head -c 3000000 /dev/zero | tr '\\0' x", {
      services: {
        ...newServices(),
        output: async (_, chunk) => {
          expect(busy).toBe(false);
          busy = true;
          await new Promise((resolve) => setTimeout(resolve, 2));
          received += chunk.length;
          busy = false;
        },
      },
    });
    expect(result.message).toBeUndefined();
    expect(received).toBe(3_000_000);
    expect(log.length).toBe(3_000_000);
  });

  it("keeps head and tail of a long log", async () => {
    const script = "echo first; head -c 12000000 /dev/zero | tr '\\0' x; echo; echo last";
    const { events, log } = await runShell(script);
    expect(dataOf(events, "log.stored")).toMatchObject([{ truncated: true }]);
    expect(log.length).toBeLessThan(10 * 1024 * 1024 + 100);
    expect(log.startsWith("first\nxxx")).toBe(true);
    expect(log.endsWith("xxx\nlast\n")).toBe(true);
    expect(log).toMatch(/\n\.\.\. \d+ bytes omitted \.\.\.\n/);
  });

  it("a sink that fails ends the command", async () => {
    const output = () => Promise.reject(new Error("broken pipe"));
    const { result, events } = await runShell("echo x; sleep 1000", { services: { ...newServices(), output } });
    expect(result).toMatchObject({ status: "failed", reason: "internal", message: "Error: broken pipe" });
    expect(dataOf(events, "step.finished")).toHaveLength(1);
  });
});

describe("stubs, gathers and controls", () => {
  const map = { node: "each", kind: "map", on: "cities", as: "city", ...ends } as const;
  const loop = { node: "refine", kind: "loop", as: "i", index: 2, ...ends } as const;
  const leaf = { node: "list", start: true, ok: { to: "each" }, failed: ends.failed } as const;

  it("a stub succeeds without a command", async () => {
    const { result, events } = await run({ path: leafPath });
    expect(result).toEqual({ status: "success", attempt: 1, delta: {}, files: [] });
    expect(kindsOf(events)).toEqual(["step.started", "step.finished"]);
  });

  it("a leaf computes the control of what follows from what it publishes", async () => {
    const { result, events } = await runShell('export MAGNUS_PRM_cities=\'["oslo","rome"]\'', {
      spec: { path: [leaf], control: { kind: "map", element: map } },
    });
    const items = '[{"i":0,"k":"oslo"},{"i":1,"k":"rome"}]';
    expect(result.control).toBe(items);
    expect(kindsOf(events)).toEqual(["step.started", "control", "step.finished"]);
    const control = events.find((event) => event.kind === "control");
    expect(control).toMatchObject({ path: [map], attempt: 1, data: { value: items } });
    expect(dataOf(events, "step.finished")).toMatchObject([{ control: items }]);
  });

  it("a fault is no failure of the leaf; its reason is in the control", async () => {
    const { result, events } = await runShell("true", {
      spec: { path: [leaf], control: { kind: "map", element: map } },
    });
    expect(result).toMatchObject({ status: "success", control: "fault" });
    expect(dataOf(events, "control")).toMatchObject([{ value: "fault", reason: "not-a-list" }]);
  });

  it("a failed leaf computes none", async () => {
    const { result, events } = await runShell("exit 1", {
      spec: { path: [leaf], control: { kind: "map", element: map } },
    });
    expect(result.control).toBeUndefined();
    expect(kindsOf(events)).not.toContain("control");
  });

  it("a gather opens a composite at its own path, and says that it is a gather", async () => {
    const spec = { path: [map], gather: "open", control: { kind: "map", element: map } } as const;
    const { result, events } = await run(spec, { visible: { cities: ["x"] } });
    expect(result.control).toBe('[{"i":0,"k":"x"}]');
    for (const event of events) expect(event).toMatchObject({ path: [map], gather: "open" });
    expect(kindsOf(events)).toEqual(["step.started", "control", "step.finished"]);
  });

  it("a leaf closes its loop at the loop's path with the index", async () => {
    const path: Path = [loop, { node: "fit", start: true, ...ends }];
    const duty = { kind: "loop", breakOn: "done", maxIterations: 3 } as const;
    const again = await runShell("true", { spec: { path, control: { ...duty, maxIterations: 9 } }, visible: { i: 2 } });
    expect(again.result.control).toBe("again");
    expect(again.events.find((event) => event.kind === "control")).toMatchObject({ path: [loop] });
    const most = await runShell("true", { spec: { path, control: duty }, visible: { i: 2 } });
    expect(most.result.control).toBe("done");
    const done = await runShell("export MAGNUS_PRM_done=true", {
      spec: { path, control: { ...duty, maxIterations: 9 } },
    });
    expect(done.result.control).toBe("done");
  });

  it("a gather closes its loop at its own path", async () => {
    const spec = {
      path: [loop],
      gather: "close",
      control: { kind: "loop", breakOn: "done", maxIterations: 9 },
    } as const;
    const { result, events } = await run(spec, { visible: { done: "no" } });
    expect(result).toMatchObject({ status: "success", control: "fault" });
    expect(events.find((event) => event.kind === "control")).toMatchObject({ path: [loop], gather: "close" });
  });

  it("an enclosing item hides a delta of its name when the control is computed", async () => {
    const outer = { node: "outer", kind: "map", on: "lists", as: "cities", index: 0, ...ends } as const;
    const path: Path = [outer, leaf];
    const { result } = await runShell("export MAGNUS_PRM_cities='[\"wrong\"]'", {
      spec: { path, control: { kind: "map", element: map } },
      visible: { cities: ["right"] },
      items: { cities: ["right"] },
    });
    expect(result.control).toBe('[{"i":0,"k":"right"}]');
    expect(result.delta).toEqual({ cities: ["wrong"] });
  });
});

describe("the working directory", () => {
  it("commands run in the project's folder", async () => {
    const projectDir = newFolder();
    const { stdout } = await runShell('pwd; echo "$PWD"; echo x > made', {
      services: { ...newServices(), projectDir },
    });
    expect(stdout).toBe(`${projectDir}\n${projectDir}\n`);
    expect(readFileSync(join(projectDir, "made"), "utf8")).toBe("x\n");
  });
});
