/** Steps in containers with a run log, a catalog and a tracker on servers; the engine runs them in place. */
import path from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { containerProject, everything, type Note, removeFetched } from "../support/container-project.ts";
import { startMlflowStandIn } from "../support/mlflow-stand-in.ts";
import { type PostgresServer, postgresPrograms, postgresServer } from "../support/postgres-server.ts";
import { runMagnus } from "../support/programs.ts";
import { s3StandIn } from "../support/s3-stand-in.ts";
import { workspace } from "../support/workspace.ts";

const executor = `executor:
  type: local-container
  config: {docker_image: "usual:1", engine_args: [--network=host]}
`;

interface Setting {
  readonly configuration: string;
  readonly env: { readonly [name: string]: string };
  /** What no argument may show. */
  readonly hidden: string;
}

const programs = postgresPrograms();
let server: PostgresServer | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await postgresServer(programs);
});
afterAll(() => server?.stop());

async function s3(runLog: boolean): Promise<Setting> {
  const standIn = await s3StandIn();
  onTestFinished(() => standIn.close());
  const config = "{bucket: runs, prefix: $PREFIX}";
  return {
    configuration: `${runLog ? `run_log_store: {type: s3, config: ${config}}\n` : ""}catalog: {type: s3, config: ${config}}\n`,
    env: {
      PREFIX: "team",
      AWS_ENDPOINT_URL: standIn.endpoint,
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret-of-the-store",
    },
    hidden: "secret-of-the-store",
  };
}

async function postgres(): Promise<Setting> {
  const url = new URL(`${server?.url}/postgres`);
  const password = decodeURIComponent(url.password);
  return {
    configuration:
      "run_log_store: {type: postgres, config: {url: 'postgres://magnus:${DB_PASSWORD}@${DB}/postgres'}}\n",
    env: { DB_PASSWORD: encodeURIComponent(password), MAGNUS_VAR_DB: url.host },
    hidden: encodeURIComponent(password),
  };
}

const settings = [
  { name: "run log and catalog on s3", open: () => s3(true), skip: false },
  { name: "catalog on s3", open: () => s3(false), skip: false },
  { name: "run log in postgres", open: postgres, skip: programs === undefined },
];

function containers(notes: readonly Note[]): readonly Note[] {
  return notes.filter(({ verb }) => verb === "run");
}

describe.skipIf(process.platform !== "linux").for(settings)("$name", ({ open, skip }) => {
  test.skipIf(skip)("leaves the run log that the local executor leaves", async () => {
    const { configuration, env: own, hidden } = await open();
    const { cwd, env, run, notes } = containerProject({
      "pipeline.yaml": everything,
      "magnus-config.yaml": `${executor}${configuration}`,
    });
    const ended = await run(["--run-id", "containers"], own);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/first {2}started[\s\S]*first {2}success/);
    expect(ended.stderr).toContain("handled | a 21");
    expect(containers(notes()).length).toBe(7);
    expect(JSON.stringify(notes().map(({ args }) => args))).not.toContain(hidden);
    removeFetched(cwd);
    const local = await run(["--run-id", "local", "--set", "executor.type=local", "-q"], own);
    expect(local.code, local.stderr).toBe(0);
    const options = { cwd, env: { ...env, ...own } };
    const logs = ["containers", "local"].map((id) => runMagnus(["runs", "show", id, "--normalised"], options));
    const [one, other] = await Promise.all(logs);
    expect(one?.stdout).toBe(other?.stdout);
  });
});

test.skipIf(process.platform !== "linux")("certificates that a variable names are mounted", async () => {
  const { configuration, env: own } = await s3(false);
  const file = path.join(workspace({ "ca.pem": rootCertificates[0] ?? "" }), "ca.pem");
  const { run, notes } = containerProject({
    "pipeline.yaml": "dag: {steps: [{name: a, type: task, command_type: shell, command: 'cat \"$AWS_CA_BUNDLE\"'}]}\n",
    "magnus-config.yaml": `${executor}${configuration}`,
  });
  const ended = await run([], { ...own, AWS_CA_BUNDLE: file });
  expect(ended.code, ended.stderr).toBe(0);
  expect(notes()[0]?.args).toContain(`type=bind,source=${file},target=${file},ro`);
});

const train = `name: demo
dag:
  steps:
    - name: fit
      type: task
      command_type: shell
      command: 'test -n "$MLFLOW_RUN_ID" && test "$MLFLOW_EXTRA" = kept && export MAGNUS_TRACK_loss=0.5'
`;

describe.skipIf(process.platform !== "linux")("an experiment tracker", () => {
  test("is told by the containers what it is told by a run here, and its password is no argument", async () => {
    const mlflow = await startMlflowStandIn();
    onTestFinished(() => mlflow.close());
    const { run, notes } = containerProject({
      "pipeline.yaml": train,
      "magnus-config.yaml": `${executor}experiment_tracker: {type: mlflow}\n`,
    });
    const own = {
      MLFLOW_TRACKING_URI: mlflow.url,
      MLFLOW_TRACKING_USERNAME: "me",
      MLFLOW_TRACKING_PASSWORD: "secret-of-mlflow",
      MLFLOW_EXTRA: "kept",
    };
    const ended = await run([], own);
    expect(ended.code, ended.stderr).toBe(0);
    const runs = [...mlflow.runs.values()];
    expect(runs.map(({ name, status, metrics }) => [name, status, metrics.size])).toEqual([
      [expect.any(String), "FINISHED", 1],
      ["fit", "FINISHED", 1],
    ]);
    const authorization = `Basic ${Buffer.from("me:secret-of-mlflow").toString("base64")}`;
    expect(new Set(mlflow.calls.map((call) => call.authorization))).toEqual(new Set([authorization]));
    expect(JSON.stringify(notes().map(({ args }) => args))).not.toContain("secret-of-mlflow");
  });

  test("at an address that in a container is the container: exit 2, unless it is another there", async () => {
    const mlflow = await startMlflowStandIn();
    onTestFinished(() => mlflow.close());
    const { run, notes } = containerProject({
      "pipeline.yaml": train.replace('test "$MLFLOW_EXTRA" = kept', "true"),
      "magnus-config.yaml": `executor:
  type: local-container
  config:
    docker_image: "usual:1"
experiment_tracker: {type: mlflow}
`,
    });
    const own = { MLFLOW_TRACKING_URI: mlflow.url };
    const refused = await run([], own);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining(`is the container: the experiment tracker (${new URL(mlflow.url).host})`),
    ]);
    expect(refused.stderr).toContain("--network=host");
    expect(containers(notes())).toEqual([]);
    for (const network of ['["--network","own"]', '["--net=own"]']) {
      const named = await run(["--set", `executor.engine_args=${network}`], own);
      expect(named.code, named.stderr).toBe(0);
    }
    const elsewhere = await run(["--set", "executor.environment.MLFLOW_TRACKING_URI=http://mlflow.invalid"], own);
    // The step asserts that it is tracked.
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      1,
      expect.stringContaining("experiment tracking stops: MLflow at mlflow.invalid"),
    ]);
  });
});
