/** Experiment tracking through the programs as they are published: a run here, a compiled script, and what comes after. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type StandIn, startMlflowStandIn } from "../support/mlflow-stand-in.ts";
import { plainEnvironment, run, runMagnus, shim, shimAlone } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `name: demo
parameters: {items: [1, 2, 3], lr: 0.5}
dag:
  start_at: each
  steps:
    each:
      type: map
      iterate_on: items
      iterate_as: i
      branch:
        steps:
          - {name: fit, type: task, command_type: shell, command: "export MAGNUS_TRACK_loss=0.$i; test -n \\"$MLFLOW_RUN_ID\\""}
      next: last
    last: {type: stub, next: success}
`;

function project(url: string): string {
  return workspace({
    "pipeline.yaml": pipeline,
    "magnus-config.yaml": `experiment_tracker: {type: mlflow, config: {server_url: "${url}"}}\n`,
  });
}

async function runBy(how: "run" | "shell", cwd: string) {
  if (how === "run") return runMagnus(["run", "pipeline.yaml", "-q"], { cwd });
  const compiled = await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd });
  expect(compiled.code, compiled.stderr).toBe(0);
  return run("sh", ["demo.sh"], { cwd, env: { MAGNUS_SHIM: shim } });
}

function shapeOf(server: StandIn) {
  const runs = [...server.runs.values()];
  return {
    parents: runs.filter((one) => !one.tags.has("mlflow.parentRunId")).map(({ status }) => status),
    children: runs
      .filter((one) => one.tags.has("mlflow.parentRunId"))
      .map((one) => [one.name, one.status, ...[...one.metrics].map((text) => JSON.parse(text).value)].join(" "))
      .sort(),
  };
}

const whole = {
  parents: ["FINISHED"],
  children: ["each.1.fit FINISHED 0.1", "each.2.fit FINISHED 0.2", "each.3.fit FINISHED 0.3"],
};

describe.for(["run", "shell"] as const)("%s", (how) => {
  test("tells a server of the run and its attempts", async () => {
    const server = await startMlflowStandIn();
    onTestFinished(() => server.close());
    const { code, stderr } = await runBy(how, project(server.url));
    expect(code, stderr).toBe(0);
    expect(shapeOf(server)).toEqual(whole);
  });

  test("is not touched by a server that is away, and says so; sync makes up for it", async () => {
    const server = await startMlflowStandIn();
    onTestFinished(() => server.close());
    server.fault = () => ({ kind: "status", status: 500 });
    const cwd = project(server.url);
    const { stderr } = await runMagnus(["track", "sync", "latest"], { cwd });
    expect(stderr).toContain("latest");
    // Each step asserts that it has the variable, so here it fails; nothing else may.
    const sed = await run("sed", ["-i", 's/; test -n .*\\}/"}/', "pipeline.yaml"], { cwd });
    expect(sed.code).toBe(0);
    const ended = await runBy(how, cwd);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/magnus: experiment tracking stops: MLflow at 127.0.0.1:\d+: it answers 500/);
    expect(server.runs.size).toBe(0);
    const failed = await runMagnus(["track", "sync", "latest"], { cwd });
    expect([failed.code, failed.stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
    server.fault = () => undefined;
    const synced = await runMagnus(["track", "sync", "latest"], { cwd });
    expect([synced.code, synced.stdout], synced.stderr).toEqual([
      0,
      expect.stringMatching(/: 3 attempts, 3 new; http:.*/),
    ]);
    expect(shapeOf(server)).toEqual(whole);
    const again = await runMagnus(["track", "sync", "latest", "--json"], { cwd });
    expect(JSON.parse(again.stdout)).toMatchObject({ attempts: 3, added: 0 });
    expect(shapeOf(server)).toEqual(whole);
  });
});

test("a shim without the file beside it goes on, and says what is missing", async () => {
  const server = await startMlflowStandIn();
  onTestFinished(() => server.close());
  const cwd = project(server.url);
  await run("cp", [shimAlone, "alone.cjs"], { cwd });
  const [ok, failed] = [{ end: "success", name: "success" } as const, { end: "fail", name: "fail" } as const];
  const spec = {
    v: 1,
    path: [{ node: "only", start: true, ok, failed }],
    run: { pipeline: "p", digest: "0", parameters: {} },
    task: { type: "shell", command: "true" },
  };
  const env = {
    MAGNUS_RUN_ID: "r",
    MAGNUS_SERVICES: `{"experiment_tracker":{"type":"mlflow","server_url":"${server.url}"}}`,
  };
  const ended = await run(process.execPath, ["alone.cjs", "run", "--spec", JSON.stringify(spec)], { cwd, env });
  expect([ended.code, ended.stderr], ended.stderr).toEqual([
    0,
    expect.stringMatching(/no experiment tracking: .*tracker\.cjs/),
  ]);
});

test("a workflow brings the file that its shim loads, and asks for the server's address where it has none", async () => {
  const cwd = project("http://mlflow.example");
  const compiled = await runMagnus(["compile", "pipeline.yaml", "-t", "github-actions", "-q"], { cwd });
  expect(compiled.code, compiled.stderr).toBe(0);
  const sizes = [path.join(cwd, ".github/magnus/tracker.cjs"), path.join(path.dirname(shim), "tracker.cjs")];
  expect(new Set(sizes.map((file) => readFileSync(file, "utf8"))).size).toBe(1);
  const set = ["--set", "experiment_tracker.type=mlflow"];
  const other = workspace({ "pipeline.yaml": pipeline });
  const refused = await runMagnus(["compile", "pipeline.yaml", "-t", "github-actions", ...set], { cwd: other });
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("MLFLOW_TRACKING_URI")]);
});

test("a configuration that names no server: exit 2 before anything is done", async () => {
  const cwd = workspace({ "pipeline.yaml": pipeline, "magnus-config.yaml": "experiment_tracker: {type: mlflow}\n" });
  const ended = await runMagnus(["run", "pipeline.yaml"], { cwd });
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("set server_url or MLFLOW_TRACKING_URI")]);
  expect(existsSync(path.join(cwd, ".magnus"))).toBe(false);
});

const folder = process.env.MAGNUS_TEST_MLFLOW ?? "";
const mlflow = path.join(folder, "mlflow");
const missing = folder === "" || !existsSync(mlflow);
if (missing) {
  process.stderr.write("not tested: a real MLflow, since MAGNUS_TEST_MLFLOW names no folder with the program mlflow\n");
}

describe.skipIf(missing)("a real MLflow server", () => {
  test("has the run, its parameters, attempts and metrics; telling it again changes nothing", {
    timeout: 900_000,
  }, async () => {
    const { url, python } = await startMlflow();
    const cwd = project(url);
    const ended = await runMagnus(["run", "pipeline.yaml", "-q"], { cwd });
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    const first = await contentOf(url, python, cwd);
    expect(first).toMatchObject({
      runs: 4,
      parent: { status: "FINISHED", params: { items: "[1,2,3]", lr: "0.5" }, metrics: { "each/fit/loss": 0.3 } },
      children: [
        ["each.1.fit", "FINISHED", [0.1]],
        ["each.2.fit", "FINISHED", [0.2]],
        ["each.3.fit", "FINISHED", [0.3]],
      ],
    });
    const synced = await runMagnus(["track", "sync", "latest", "--json"], { cwd });
    expect(JSON.parse(synced.stdout)).toMatchObject({ attempts: 3, added: 0 });
    expect(await contentOf(url, python, cwd)).toEqual(first);
    // A task that uses MLflow itself writes to its step's run.
    const own = workspace({
      "steps.py":
        "import mlflow\ndef fit():\n    with mlflow.start_run() as run:\n        mlflow.log_metric('own', 7)\n    return {'id': run.info.run_id}\n",
      "pipeline.yaml":
        "dag: {steps: [{name: fit, type: task, command: steps.fit, returns: [{name: id, kind: json}]}]}\n",
      "magnus-config.yaml": `experiment_tracker: {type: mlflow, config: {server_url: "${url}"}}\n`,
    });
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const inner = await runMagnus(["run", "pipeline.yaml", "-q"], { cwd: own, env });
    expect([inner.code, inner.stderr.includes("tracking stops")], inner.stderr).toEqual([0, false]);
    expect((await contentOf(url, python, own)).children).toEqual([["fit", "FINISHED", [7]]]);
    // What is not finite; MLflow's SQL store keeps the greatest double for infinity.
    const diverging = workspace({
      "pipeline.yaml": `parameters: {${"x".repeat(250)}a: 1, ${"x".repeat(250)}b: 2}
dag: {steps: [{name: fit, type: task, command_type: shell, command: "export MAGNUS_TRACK_a_STEP_0=0.5 MAGNUS_TRACK_a_STEP_1=nan MAGNUS_TRACK_a_STEP_2=inf MAGNUS_TRACK_a_STEP_3=-inf"}]}
`,
      "magnus-config.yaml": `experiment_tracker: {type: mlflow, config: {server_url: "${url}"}}\n`,
    });
    const diverged = await runMagnus(["run", "pipeline.yaml", "-q"], { cwd: diverging });
    expect([diverged.code, diverged.stderr]).toEqual([0, ""]);
    const { parent, children } = await contentOf(url, python, diverging);
    expect(children).toEqual([["fit", "FINISHED", [0.5, "nan", Number.MAX_VALUE, -Number.MAX_VALUE]]]);
    expect([Object.values(parent.params).sort(), parent.metrics]).toEqual([["1", "2"], { "fit/a": -Number.MAX_VALUE }]);
  });

  async function startMlflow(): Promise<{ readonly url: string; readonly python: string }> {
    const port = await freePort();
    const cwd = workspace();
    const args = ["server", "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"];
    const store = [
      "--backend-store-uri",
      `sqlite:///${cwd}/mlflow.db`,
      "--default-artifact-root",
      path.join(cwd, "artifacts"),
    ];
    const env = { ...plainEnvironment(), PATH: `${folder}:${process.env.PATH}` };
    const server = spawn(mlflow, [...args, ...store], { cwd, env, stdio: "ignore", detached: true });
    onTestFinished(() => endGroup(server, cwd));
    const url = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 1500; tries++) {
      if (server.exitCode !== null) throw new Error(`mlflow server ended with ${server.exitCode}`);
      const healthy = await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (healthy) {
        await warmUp(url);
        return { url, python: path.join(folder, "python") };
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("mlflow server does not start");
  }

  /** The first calls of a new server load much, and may take longer than a step waits. */
  async function warmUp(url: string): Promise<void> {
    type Answer = { experiment_id?: string; run?: { info: { run_id: string } } };
    const call = async (name: string, body: object): Promise<Answer> => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}/api/2.0/mlflow/${name}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return JSON.parse(await answer.text());
    };
    const { experiment_id } = await call("experiments/create", { name: "warm" });
    const { run } = await call("runs/create", { experiment_id });
    await call("runs/log-batch", { run_id: run?.info.run_id, tags: [{ key: "a", value: "b" }] });
    await call("runs/search", { experiment_ids: [experiment_id], filter: "tags.a = 'b'" });
    await call("runs/delete", { run_id: run?.info.run_id });
  }

  /** It has workers of its own, in its group. */
  async function endGroup(server: ChildProcess, cwd: string): Promise<void> {
    if (server.pid !== undefined && server.exitCode === null) {
      const ended = new Promise((resolve) => server.on("close", resolve));
      process.kill(-server.pid, "SIGKILL");
      await ended;
    }
    rmSync(cwd, { recursive: true, force: true });
  }

  /** What MLflow's own client sees of the newest magnus run. */
  async function contentOf(url: string, python: string, cwd: string) {
    const script = `
import json, math, mlflow
mlflow.set_tracking_uri(${JSON.stringify(url)})
client = mlflow.MlflowClient()
ids = [e.experiment_id for e in client.search_experiments()]
runs = list(client.search_runs(ids, order_by=["attributes.start_time DESC"]))
parent = [r for r in runs if "mlflow.parentRunId" not in r.data.tags][0]
children = sorted([r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id], key=lambda r: r.info.run_name)
def points(r):
    return [m.value if math.isfinite(m.value) else str(m.value) for key in sorted(r.data.metrics) for m in client.get_metric_history(r.info.run_id, key)]
print(json.dumps({"runs": len(runs), "parent": {"status": parent.info.status, "params": parent.data.params, "metrics": parent.data.metrics},
  "children": [[r.info.run_name, r.info.status, points(r)] for r in children]}))
`;
    const { stdout, stderr, code } = await run(python, ["-c", script], { cwd });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
