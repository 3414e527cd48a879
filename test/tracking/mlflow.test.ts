import { writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Event, EventBody } from "../../src/protocol/event.ts";
import type { Edge, Parameters } from "../../src/protocol/path.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../src/run-log/record/write-events.ts";
import type { RunLog } from "../../src/stores/contract/run-log-store.ts";
import { cleanName, trackedMetrics } from "../../src/tracking/mlflow-records.ts";
import { readMlflowSettings } from "../../src/tracking/mlflow-settings.ts";
import { openTracker } from "../../src/tracking/open-tracker.ts";
import { syncRun } from "../../src/tracking/sync-run.ts";
import type { Tracker } from "../../src/tracking/tracker.ts";
import { type Given, leafPath, newServices, runShell } from "../runtime/attempt/step-harness.ts";
import { type Fault, type StandIn, type StoredRun, startMlflowStandIn } from "../support/mlflow-stand-in.ts";

async function standIn(): Promise<StandIn> {
  const server = await startMlflowStandIn();
  onTestFinished(() => server.close());
  return server;
}

const success: Edge = { end: "success", name: "success" };
const fail: Edge = { end: "fail", name: "fail" };

const created: EventBody = {
  kind: "run.created",
  data: { pipeline: "demo", digest: "0", parameters: { lr: 0.1, name: "x" }, target: "local", version: "0", tag: "t" },
};

interface Tracked {
  readonly tracker: Tracker;
  readonly warnings: string[];
  readonly services: ReturnType<typeof newServices>;
}

/** Services of a run whose log a tracker sees. */
async function tracked(url: string, environment: Record<string, string> = {}, patienceMs = 30_000): Promise<Tracked> {
  const plain = newServices();
  await plain.writer.write(created);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const tracker = await openTracker({ server: url, environment, log: plain.log, warn, patienceMs });
  if (tracker === undefined) throw new Error(warnings.join());
  const log: RunLog = {
    ...plain.log,
    append: async (events) => {
      await plain.log.append(events);
      tracker.see(events);
    },
  };
  return { tracker, warnings, services: { ...plain, log, writer: openEventWriter(log), tracker } };
}

const script = `export MAGNUS_TRACK_loss_STEP_1=0.5 MAGNUS_TRACK_loss_STEP_2=0.25 MAGNUS_TRACK_ok=true; echo "$MLFLOW_RUN_ID $MLFLOW_TRACKING_URI"`;

async function runTracked({ services, tracker }: Tracked, command = script, given: Given = {}) {
  const ran = await runShell(command, { ...given, services });
  const status = ran.result.status;
  await services.writer.write({ kind: "run.finished", data: { status } });
  await tracker.close();
  return ran;
}

function tree(server: StandIn) {
  const all = [...server.runs.values()];
  const parents = all.filter((run) => !run.tags.has("mlflow.parentRunId"));
  const childrenOf = (run: StoredRun) => all.filter((one) => one.tags.get("mlflow.parentRunId") === run.id);
  return parents.map((run) => ({ run, children: childrenOf(run) }));
}

const values = (run: StoredRun | undefined) =>
  [...(run?.metrics ?? [])].map((text) => JSON.parse(text)).map(({ key, value, step }) => [key, value, step]);

describe("a tracked run", () => {
  it("is a run with its parameters, and below it one for each attempt, which the task can find", async () => {
    const server = await standIn();
    const { stdout, result } = await runTracked(await tracked(server.url));
    expect(result.status).toBe("success");
    const [only, ...others] = tree(server);
    expect(others).toEqual([]);
    expect(server.experiments.get("demo")).toBe(only?.run.experiment);
    expect(only?.run).toMatchObject({ name: "run-1", status: "FINISHED" });
    expect([...(only?.run.params ?? [])]).toEqual([
      ["lr", "0.1"],
      ["name", "x"],
    ]);
    expect(only?.run.tags.get("magnus.pipeline")).toBe("demo");
    const [child] = only?.children ?? [];
    expect(only?.children).toHaveLength(1);
    expect(child).toMatchObject({ name: "train", status: "FINISHED" });
    expect(stdout).toBe(`${child?.id} ${server.url}\n`);
    expect(values(child)).toEqual([
      ["loss", 0.5, 1],
      ["loss", 0.25, 2],
    ]);
    expect(child?.tags.get("ok")).toBe("true");
  });

  it("has a run for each attempt, with how it ended", async () => {
    const server = await standIn();
    const { result } = await runTracked(await tracked(server.url), "exit 3", { task: { maxAttempts: 2 } });
    expect(result).toMatchObject({ status: "failed", exitCode: 3 });
    const [{ run, children } = { run: undefined, children: [] }] = tree(server);
    expect(run?.status).toBe("FAILED");
    expect(children.map(({ name, status }) => [name, status])).toEqual([
      ["train", "FAILED"],
      ["train (attempt 2)", "FAILED"],
    ]);
  });

  it("is one for processes that begin it at the same time", async () => {
    const server = await standIn();
    const first = await tracked(server.url);
    const trackers = await Promise.all(
      Array.from({ length: 5 }, () =>
        openTracker({ server: server.url, environment: {}, log: first.services.log, warn: () => {} }),
      ),
    );
    const stop = new AbortController().signal;
    const begun = await Promise.all(
      trackers.map((tracker, i) => tracker?.begin({ path: leafPath, attempt: i + 1, round: 1 }, {}, stop)),
    );
    expect(new Set(begun.map((env) => env?.MLFLOW_RUN_ID)).size).toBe(5);
    expect(tree(server).map(({ children }) => children.length)).toEqual([5]);
  });

  it("has the items around an attempt as its parameters, and the metrics of its steps, one point for each item", async () => {
    const server = await standIn();
    const all = await tracked(server.url);
    const map = { node: "each", kind: "map", on: "l", as: "rate", start: true, ok: success, failed: fail } as const;
    const [leaf] = leafPath;
    if (leaf === undefined) throw new Error("no leaf");
    for (const index of [0, 1]) {
      const given = { step: { path: [{ ...map, index, key: "x" }, leaf] }, items: { rate: index / 10, note: "a" } };
      const track = `export MAGNUS_TRACK_loss_STEP_7=0.${index}5 MAGNUS_TRACK_loss_STEP_2=9`;
      await runShell(track, { ...given, services: all.services });
    }
    await runShell("export MAGNUS_TRACK_f1_STEP_3=1 MAGNUS_TRACK_f1_STEP_4=2", { services: all.services });
    await runTracked(all, "export MAGNUS_TRACK_f1_STEP_5=9; exit 1");
    const [only] = tree(server);
    expect(only?.children.map(({ params }) => Object.fromEntries(params))).toEqual([
      { rate: "0", note: "a" },
      { rate: "0.1", note: "a" },
      {},
      {},
    ]);
    expect(values(only?.run)).toEqual([
      ["each/train/loss", 0.05, 0],
      ["each/train/loss", 0.15, 1],
      ["train/f1", 1, 3],
      ["train/f1", 2, 4],
    ]);
    const synced = JSON.stringify(tree(server).map(({ run }) => values(run)));
    const settings = readMlflowSettings(server.url, {});
    if (typeof settings === "string") throw new Error(settings);
    await syncRun(settings, "run-1", await readEvents(all.services.log), () => ({}));
    expect(JSON.stringify(tree(server).map(({ run }) => values(run)))).toBe(synced);
  });

  it("has metrics while the task runs, each once", async () => {
    const server = await standIn();
    const all = await tracked(server.url);
    const cwd = all.services.projectDir;
    const seen = (): boolean => tree(server)[0]?.children.some((child) => child.metrics.size > 0) ?? false;
    const watch = setInterval(() => seen() && writeFileSync(path.join(cwd, "seen"), ""), 20);
    onTestFinished(() => clearInterval(watch));
    const line = (value: string, step: number): string =>
      `echo '{"metrics": {"loss": ${value}}, "step": ${step}}' >>"$MAGNUS_OUTPUT_FILE"`;
    const wait = "n=0; until [ -e seen ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 9; sleep 0.1; done";
    const { result, events } = await runTracked(all, [line("0.5", 1), wait, line("NaN", 2)].join("\n"));
    expect([result.status, all.warnings]).toEqual(["success", []]);
    expect(events.flatMap((event) => (event.kind === "metric" ? [event.data] : []))).toEqual([
      { metrics: { loss: 0.5 }, step: 1 },
      { metrics: { loss: "NaN" }, step: 2 },
    ]);
    expect(values(tree(server)[0]?.children[0])).toEqual([
      ["loss", 0.5, 1],
      ["loss", "NaN", 2],
    ]);
  });

  it("leaves the step's own env alone", async () => {
    const server = await standIn();
    const { stdout } = await runTracked(await tracked(server.url), "echo $MLFLOW_RUN_ID", {
      task: { env: { MLFLOW_RUN_ID: "mine" } },
    });
    expect(stdout).toBe("mine\n");
  });
});

describe("a server in trouble never changes what a step does", () => {
  const faults: readonly (readonly [string, (call: string, count: number) => Fault, told: string | undefined])[] = [
    ["answers 500", () => ({ kind: "status", status: 500 }), "answers 500"],
    [
      "refuses",
      () => ({ kind: "status", status: 403, body: '{"error_code":"PERMISSION_DENIED","message":"no\\nentry"}' }),
      "no entry",
    ],
    [
      "refuses its host's name",
      () => ({ kind: "status", status: 403, body: "Invalid Host header - possible DNS rebinding attack detected" }),
      "possible DNS rebinding attack detected (start the server with --allowed-hosts 127.0.0.1:",
    ],
    ["asks to log in", () => ({ kind: "status", status: 302 }), "cannot be reached"],
    ["is no MLflow", () => ({ kind: "status", status: 200, body: "<html>" }), "answers no JSON"],
    [
      "answers something else",
      () => ({ kind: "status", status: 200, body: '{"runs": 7, "experiment": []}' }),
      "has no experiment",
    ],
    ["cuts the connection", () => ({ kind: "cut" }), "cannot be reached"],
    ["never answers", () => ({ kind: "hang" }), "no answer within 1 s"],
    [
      "fails at the end",
      (call) => (call === "runs/update" ? { kind: "status", status: 500 } : undefined),
      "answers 500",
    ],
    ["never answers at the end", (call) => (call === "runs/log-batch" ? { kind: "hang" } : undefined), "no answer"],
    ["fails once", (_, count) => (count % 4 === 1 ? { kind: "status", status: 503 } : undefined), undefined],
    ["is slow", () => ({ kind: "delay", ms: 30 }), undefined],
  ];
  it.each(faults)("%s", async (_, fault, told) => {
    const server = await standIn();
    server.fault = fault;
    const all = await tracked(server.url, {}, told?.includes("no answer") ? 1000 : 30_000);
    const { result, events } = await runTracked(all);
    expect(result).toMatchObject({ status: "success", exitCode: 0 });
    expect(events.filter((event) => event.kind === "step.finished")).toHaveLength(1);
    if (told === undefined) expect(all.warnings).toEqual([]);
    else {
      expect(all.warnings).toEqual([expect.stringContaining(told)]);
      expect(all.warnings[0]).toMatch(
        /^experiment tracking stops: MLflow at 127.0.0.1:\d+: .*; upload the rest with: magnus track sync run-1$/,
      );
    }
    // Whatever it knew: afterwards it can be told all.
    server.fault = () => undefined;
    const settings = readMlflowSettings(server.url, {});
    if (typeof settings === "string") throw new Error(settings);
    for (let times = 0; times < 2; times++) {
      await syncRun(settings, "run-1", await readEvents(all.services.log), () => ({}));
      const [only, ...others] = tree(server).filter(({ run }) => run.status !== "RUNNING");
      expect(others).toEqual([]);
      expect(only?.run.status).toBe("FINISHED");
      expect(only?.children.map(({ status }) => status)).toContain("FINISHED");
      const child = only?.children.find((one) => one.status === "FINISHED");
      expect(values(child)).toEqual([
        ["loss", 0.5, 1],
        ["loss", 0.25, 2],
      ]);
    }
  });

  it("is not there", async () => {
    const gone = await startMlflowStandIn();
    await gone.close();
    const all = await tracked(gone.url);
    expect((await runTracked(all)).result.status).toBe("success");
    expect(all.warnings).toEqual([expect.stringContaining("ECONNREFUSED")]);
  });

  it("is told of once, and not asked again", async () => {
    const server = await standIn();
    server.fault = () => ({ kind: "status", status: 500 });
    const all = await tracked(server.url);
    await runShell("true", { services: all.services });
    const { length } = server.calls;
    for (let i = 0; i < 5; i++) await runShell("true", { services: all.services });
    expect([server.calls.length, all.warnings.length]).toEqual([length, 1]);
  });

  it("does not hold up a stop", async () => {
    const server = await standIn();
    const stop = new AbortController();
    server.fault = () => {
      stop.abort("SIGTERM");
      return { kind: "hang" };
    };
    const all = await tracked(server.url);
    const { result } = await runShell("true", { services: { ...all.services, stop: stop.signal } });
    expect([result.status, all.warnings]).toEqual(["cancelled", []]);
  });
});

describe("the settings", () => {
  it("are MLflow's own variables where the configuration says nothing", async () => {
    const server = await standIn();
    const env = { MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: "t0ken", MLFLOW_EXPERIMENT_NAME: "named" };
    const all = await tracked("", env);
    await runTracked(all);
    expect(server.experiments.has("named")).toBe(true);
    expect(new Set(server.calls.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer t0ken"]));
  });

  it.each([
    [["http://u:p%40@h:1/x/", {}], { url: "http://h:1/x", authorization: `Basic ${btoa("u:p@")}` }],
    [
      ["http://h", { MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p", MLFLOW_TRACKING_TOKEN: "t" }],
      { url: "http://h", authorization: `Basic ${btoa("u:p")}` },
    ],
    [
      ["http://h", { MLFLOW_EXPERIMENT_ID: "7", MLFLOW_EXPERIMENT_NAME: "n" }],
      { url: "http://h", experiment: { id: "7" } },
    ],
    [[undefined, {}], expect.stringContaining("set server_url or MLFLOW_TRACKING_URI")],
    [["sqlite:///secret.db", {}], expect.stringMatching(/^(?!.*secret).*http/)],
    [["no url", {}], expect.stringContaining("http")],
  ] as const)("%j", ([server, env], expected) => {
    expect(readMlflowSettings(server, env)).toEqual(expected);
  });

  it("that name no server are a warning where a step is about to run", async () => {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const tracker = await openTracker({ environment: {}, log: newServices().log, warn });
    expect([tracker, warnings]).toEqual([undefined, [expect.stringMatching(/^no experiment tracking: .*server_url/)]]);
  });
});

describe("records", () => {
  it("have names that MLflow takes", () => {
    expect(cleanName("loss/val 1.0-b_c")).toBe("loss/val 1.0-b_c");
    expect(cleanName("loss/val:ünï$")).toMatch(/^loss\/val__n__-[0-9a-f]{8}$/);
    expect(cleanName("../a//./b/")).toMatch(/^a\/b-[0-9a-f]{8}$/);
    // What is cleaned or cut stays apart.
    const apart = ["größe", "grüße", "gr__e", `${"x".repeat(250)}a`, `${"x".repeat(250)}b`, "x".repeat(250)];
    expect(new Set(apart.map(cleanName)).size).toBe(apart.length);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (name) => {
        const clean = cleanName(name);
        expect(clean).toMatch(/^[\w\-. /]{1,250}$/);
        expect(clean).not.toMatch(/^\/|\/\/|\/$|(^|\/)\.\.?(\/|$)/);
      }),
      { numRuns: 1000 },
    );
  });

  it("go in batches of what the API takes", async () => {
    const server = await standIn();
    const metrics = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`m${i}`, i]));
    const texts = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`t${i}`, `${i}`.repeat(3000)]));
    const line = JSON.stringify({ metrics: { ...metrics, ...texts } });
    const all = await tracked(server.url);
    await all.services.writer.write({ kind: "warning", path: leafPath, attempt: 9, round: 1, data: { message: "" } });
    const { result } = await runTracked(all, `cat >"$MAGNUS_OUTPUT_FILE" <<'END'\n${line}\nEND`);
    expect([result.status, all.warnings]).toEqual(["success", []]);
    const child = tree(server)[0]?.children[0];
    expect([child?.metrics.size, [...(child?.tags.keys() ?? [])].filter((key) => key.startsWith("t")).length]).toEqual([
      2500, 150,
    ]);
    expect(child?.tags.get("t7")?.length).toBe(3000);
    expect(child?.tags.get("t149")?.length).toBe(5000);
  });

  it("that were given again at one time keep their order", () => {
    const head = { v: 1, id: "", run: "", writer: "", seq: 1, time: "2026-11-25T00:00:00.000Z" } as const;
    const again = (metrics: Parameters): Event => {
      return { ...head, kind: "metric", path: leafPath, attempt: 1, round: 1, data: { metrics } };
    };
    const { metrics = [] } = trackedMetrics([again({ a: 3, b: 1 }), again({ a: 2 }), again({ a: "-Infinity" })]);
    const start = Date.parse(head.time);
    expect(metrics.map(({ key, value, timestamp }) => [key, value, timestamp - start])).toEqual([
      ["a", 3, 0],
      ["b", 1, 0],
      ["a", 2, 1],
      ["a", "-Infinity", 2],
    ]);
  });

  it("of numbers keep their value, and of all else are text", () => {
    const head = { v: 1, id: "", run: "", writer: "", seq: 1, time: "2026-11-25T00:00:00.000Z" } as const;
    const metrics = { a: 1, b: 1.5, c: true, d: "x", e: null, f: [1], g: { h: 2 } };
    const event: Event = { ...head, kind: "metric", path: leafPath, attempt: 1, round: 1, data: { metrics } };
    const { metrics: numbers = [], tags = [] } = trackedMetrics([event]);
    expect(numbers.map(({ key, value }) => [key, value])).toEqual([
      ["a", 1],
      ["b", 1.5],
    ]);
    expect(tags.map(({ value }) => value)).toEqual(["true", "x", "null", "[1]", '{"h":2}']);
  });
});
