/** Kill -9 of programs whose run log is on a server: what they said is recorded, and nothing is recorded twice. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Event } from "../../src/protocol/event.ts";
import { pathKey } from "../../src/protocol/path.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { openServices } from "../../src/services/open-services.ts";
import { type PostgresServer, postgresPrograms, postgresServer } from "../support/postgres-server.ts";
import { magnus, plainEnvironment, runMagnus } from "../support/programs.ts";
import { s3StandIn } from "../support/s3-stand-in.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `
parameters: {n: [1, 2, 3]}
dag:
  start_at: one
  steps:
    one: {type: task, command_type: shell, command: "sleep 0.01; export MAGNUS_PRM_a=1", next: each}
    each:
      type: map
      iterate_on: n
      iterate_as: i
      branch:
        steps:
          - {name: work, type: task, command_type: shell, command: "sleep 0.01; export MAGNUS_PRM_b=$i"}
      next: last
    last: {type: task, command_type: shell, command: "sleep 0.01", next: success}
`;

const programs = postgresPrograms();
let server: PostgresServer | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await postgresServer(programs);
});
afterAll(() => server?.stop());

test("kill -9 at 30 moments, run log in S3", async () => {
  const standIn = await s3StandIn();
  onTestFinished(() => standIn.close());
  const env = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  await killAtMoments(30, { run_log_store: { type: "s3", bucket: "runs", endpoint: standIn.endpoint } }, env);
});

const missing = programs === undefined ? " (left out: PostgreSQL is not installed)" : "";

test.skipIf(programs === undefined)(`kill -9 at 30 moments, run log in PostgreSQL${missing}`, async () => {
  await killAtMoments(30, { run_log_store: { type: "postgres", url: `${server?.url}/postgres` } }, {});
});

async function killAtMoments(
  moments: number,
  services: { readonly run_log_store: { readonly type: string; readonly [key: string]: string } },
  env: { readonly [name: string]: string },
): Promise<void> {
  const cwd = workspace({ "pipeline.yaml": pipeline });
  // JSON is YAML.
  writeFileSync(path.join(cwd, "magnus-config.yaml"), JSON.stringify(services));
  const whole = await runMagnus(["run", "pipeline.yaml", "--json"], { cwd, env });
  expect(whole.code, whole.stderr).toBe(0);
  const events = whole.stdout.split("\n").length - 1;
  const { runLogStore } = openServices(services, env, cwd);
  let [unfinished, told] = [0, 0];
  for (let i = 0; i < moments; i++) {
    const run = `killed-${i}`;
    const lines = await killedAfter(Math.floor((events * i) / moments), i % 4, run, cwd, env);
    const stored = await runLogStore.open(run).read();
    const known = new Set(stored.map(({ id }) => id));
    expect(known.size).toBe(stored.length);
    const finished = lines.filter(({ kind }) => kind === "step.finished");
    told += finished.length;
    for (const { id } of finished) expect(known).toContain(id);
    const successes = stored.flatMap((event) =>
      event.kind === "step.finished" && event.data.status === "success" ? [pathKey(event.path)] : [],
    );
    expect(new Set(successes).size).toBe(successes.length);
    if (stored.length > 0 && foldRun(stored).status === "running") unfinished++;
  }
  expect(unfinished).toBeGreaterThan(0);
  expect(told).toBeGreaterThan(moments / 3);
}

/** What the run printed; it is killed so many milliseconds after it has printed so many events. */
function killedAfter(
  events: number,
  ms: number,
  id: string,
  cwd: string,
  env: { readonly [name: string]: string },
): Promise<readonly Event[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [magnus, "run", "pipeline.yaml", "--json", "--run-id", id], {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let printed = "";
    let timer: NodeJS.Timeout | undefined;
    const killWhenPrinted = () => {
      if (printed.split("\n").length > events) timer ??= setTimeout(() => child.kill("SIGKILL"), ms);
    };
    child.once("spawn", killWhenPrinted);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      killWhenPrinted();
    });
    child.on("close", () => {
      clearTimeout(timer);
      const whole = printed.split("\n").slice(0, -1);
      resolve(whole.map((line): Event => JSON.parse(line)));
    });
  });
}
