/** Stores on a server as programs use them: `run`, compiled scripts with the shim, `runs`, `doctor`. */
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { type PostgresServer, postgresPrograms, postgresServer } from "../support/postgres-server.ts";
import { run, runMagnus, shim, shimAlone } from "../support/programs.ts";
import { s3StandIn } from "../support/s3-stand-in.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `
parameters: {n: [1, 2, 3]}
dag:
  start_at: write
  steps:
    write:
      type: task
      command_type: shell
      command: "echo content >file.txt; echo told; export MAGNUS_PRM_long=$(printf %100000s x | tr ' ' x)"
      catalog: {put: [file.txt]}
      next: each
    each:
      type: map
      iterate_on: n
      iterate_as: i
      branch: {steps: [{name: work, type: task, command_type: shell, command: "grep content file.txt", catalog: {get: [file.txt]}}]}
      next: success
`;

const programs = postgresPrograms();
let server: PostgresServer | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await postgresServer(programs);
});
afterAll(() => server?.stop());

interface Setting {
  readonly configuration: string;
  readonly env: { readonly [name: string]: string };
  /** Which of the values in the environment nobody may see. */
  readonly credential: string;
}

async function s3(): Promise<Setting> {
  const standIn = await s3StandIn();
  onTestFinished(() => standIn.close());
  const config = `{bucket: runs, prefix: ci, endpoint: '${standIn.endpoint}'}`;
  return {
    configuration: `run_log_store: {type: s3, config: ${config}}\ncatalog: {type: s3, config: ${config}}\n`,
    env: { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret-of-the-store" },
    credential: "secret-of-the-store",
  };
}

async function postgres(): Promise<Setting> {
  const url = new URL(`${server?.url}/postgres`);
  const password = decodeURIComponent(url.password);
  url.password = "";
  return {
    configuration: `run_log_store: {type: postgres, config: {url: '${url.href}', schema: $SCHEMA}}\n`,
    env: { PGPASSWORD: password, SCHEMA: `s${Math.random().toString(36).slice(2)}` },
    credential: password,
  };
}

const missing = programs === undefined ? " (left out: PostgreSQL is not installed)" : "";

describe.each([
  ["S3", s3, false],
  [`PostgreSQL${missing}`, postgres, programs === undefined],
])("%s", (_, newSetting, skipped) => {
  test.skipIf(skipped)("a run here and one of a compiled script have the same log", async () => {
    const { configuration, env } = await newSetting();
    const cwd = workspace({ "pipeline.yaml": pipeline, "magnus-config.yaml": configuration });
    const here = await runMagnus(["run", "pipeline.yaml", "--run-id", "here", "-q"], { cwd, env });
    expect([here.code, here.stderr]).toEqual([0, ""]);
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd, env })).code).toBe(0);
    const script = await run("sh", ["pipeline.sh", "--run-id", "script"], { cwd, env: { ...env, MAGNUS_SHIM: shim } });
    expect(script.code, script.stderr).toBe(0);
    const [one, two] = await Promise.all(
      ["here", "script"].map((name) => runMagnus(["runs", "show", name, "--normalised"], { cwd, env })),
    );
    expect(one?.stdout).toContain('"success"');
    expect(one?.stdout).toBe(two?.stdout);
    const list = await runMagnus(["runs", "list", "--json"], { cwd, env });
    expect(JSON.parse(list.stdout).runs.map((row: { run: string }) => row.run)).toEqual(["script", "here"]);
    expect((await runMagnus(["runs", "log", "script", "write"], { cwd, env })).stdout).toBe("told\n");
    const again = await runMagnus(["run", "pipeline.yaml", "--run-id", "here"], { cwd, env });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("the run here exists already")]);
  });

  test.skipIf(skipped)("a run that was killed is said to be left, closed once, and found whole", async () => {
    const { configuration, env } = await newSetting();
    const steps = `dag: {steps: [{name: waits, type: task, command_type: shell, command: "kill -9 $PPID; sleep 60"}]}`;
    const cwd = workspace({ "pipeline.yaml": steps, "magnus-config.yaml": configuration });
    const killed = await runMagnus(["run", "pipeline.yaml", "--run-id", "r", "-q"], { cwd, env });
    expect(killed.signal, killed.stderr).toBe("SIGKILL");
    const list = await runMagnus(["runs", "list"], { cwd, env });
    expect([list.stdout, list.stderr]).toEqual([
      expect.stringContaining("running"),
      expect.stringContaining("is gone); close it: magnus runs close r"),
    ]);
    expect((await runMagnus(["runs", "verify", "r"], { cwd, env })).stdout).toMatch(/^r {2}open {5}2 events/);
    const closed = await runMagnus(["runs", "close", "r"], { cwd, env });
    expect([closed.code, closed.stderr]).toEqual([0, ""]);
    expect(closed.stdout).toMatch(/^run r .* failed.*\n {2}waits {2}lost/);
    expect((await runMagnus(["runs", "close", "r"], { cwd, env })).stdout).toBe(closed.stdout);
    expect((await runMagnus(["runs", "verify", "r"], { cwd, env })).stdout).toMatch(/^r {2}whole {4}4 events/);
  });

  test.skipIf(skipped)("a task that prints its environment shows no credential of the stores", async () => {
    const { configuration, env, credential } = await newSetting();
    const curious = `dag: {steps: [{name: look, type: task, command_type: shell, command: "env; env | base64 -w0"}]}`;
    const cwd = workspace({ "pipeline.yaml": curious, "magnus-config.yaml": configuration });
    const here = await runMagnus(["run", "pipeline.yaml", "--run-id", "here"], { cwd, env });
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd, env })).code).toBe(0);
    const script = await run("sh", ["pipeline.sh", "--run-id", "script"], { cwd, env: { ...env, MAGNUS_SHIM: shim } });
    const logs = ["here", "script"].map((name) => runMagnus(["runs", "log", name, "look"], { cwd, env }));
    for (const shown of [here, script, ...(await Promise.all(logs))]) {
      expect(shown.code, shown.stderr).toBe(0);
      expect(shown.stdout + shown.stderr).toContain("***");
      expect(shown.stdout + shown.stderr).not.toContain(credential);
      expect(shown.stdout).not.toContain(Buffer.from(credential).toString("base64").slice(4, -4));
    }
  });

  test.skipIf(skipped)("doctor, then push and pull with files", async () => {
    const { configuration, env } = await newSetting();
    const cwd = workspace({ "pipeline.yaml": pipeline, "team.yaml": configuration });
    const doctor = await runMagnus(["doctor", "-c", "team.yaml"], { cwd, env });
    expect([doctor.code, doctor.stderr]).toEqual([0, ""]);
    expect(doctor.stdout).toMatch(/^ok {5}run log {3}(s3|postgres) \(.*\): reads, writes and exclusive claims work\n/);
    // A run on a bucket that doctor has found good says nothing of it.
    const proven = await runMagnus(["run", "pipeline.yaml", "-c", "team.yaml"], { cwd, env });
    expect(proven.stderr).not.toContain("has not been checked");
    await runMagnus(["run", "pipeline.yaml", "--run-id", "here", "-q"], { cwd, env });
    const pushed = await runMagnus(["runs", "push", "latest", "--to", "team.yaml", "--json"], { cwd, env });
    expect(pushed.code, pushed.stderr).toBe(0);
    const [row] = JSON.parse(pushed.stdout).runs;
    expect(row).toMatchObject({ run: "here", files: 1 });
    const local = await runMagnus(["runs", "show", "here", "--json"], { cwd, env });
    const remote = await runMagnus(["runs", "show", "here", "--json", "-c", "team.yaml"], { cwd, env });
    expect(remote.stdout).toBe(local.stdout);
    rmSync(path.join(cwd, ".magnus/runs"), { recursive: true });
    const pulled = await runMagnus(["runs", "pull", "her", "--from", "team.yaml"], { cwd, env });
    expect([pulled.code, pulled.stdout]).toEqual([0, `here  ${row.added} events, 1 file\n`]);
    expect((await runMagnus(["runs", "show", "here", "--json"], { cwd, env })).stdout).toBe(local.stdout);
  });
});

test("a copy into a folder is laid out like .magnus, and repeats nothing", async () => {
  const cwd = workspace({ "pipeline.yaml": pipeline });
  await runMagnus(["run", "pipeline.yaml", "--run-id", "here", "-q"], { cwd });
  const without = await runMagnus(["runs", "push", "here", "--to", "other/", "--no-files"], { cwd });
  expect(without.stdout).toMatch(/^here {2}\d+ events, 0 files\n$/);
  expect(readdirSync(path.join(cwd, "other"))).toEqual(["runs"]);
  const again = await runMagnus(["runs", "push", "here", "--to", "other"], { cwd });
  expect(again.stdout).toBe("here  0 events, 1 file\n");
  expect(readdirSync(path.join(cwd, "other"))).toEqual(["catalog", "runs"]);
  const shown = await runMagnus(["runs", "show", "other/runs/here"], { cwd });
  expect(shown.stdout).toContain("write");
});

test("what cannot be copied is an error, and what can is copied", async () => {
  const cwd = workspace({ "pipeline.yaml": pipeline, "bad.yaml": "run_log_store: {type: nothing}\n" });
  await runMagnus(["run", "pipeline.yaml", "--run-id", "here", "-q"], { cwd });
  const unknown = await runMagnus(["runs", "push", "there", "here", "--to", "other/"], { cwd });
  expect([unknown.code, unknown.stdout]).toEqual([2, expect.stringMatching(/^here /)]);
  expect(unknown.stderr).toContain('no run "there"');
  const bad = await runMagnus(["runs", "push", "here", "--to", "bad.yaml"], { cwd });
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining("unknown-service-type")]);
  const none = await runMagnus(["runs", "pull", "here", "--from", "none.yaml"], { cwd });
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("cannot read none.yaml")]);
});

test("doctor says what is wrong, for programs too, and shows no secret", async () => {
  const { configuration, env } = await s3();
  const cwd = workspace({ "magnus-config.yaml": configuration.replaceAll("runs", "none") });
  const told = await runMagnus(["doctor"], { cwd, env });
  expect([told.code, told.stderr]).toEqual([2, ""]);
  expect(told.stdout).toMatch(/^wrong {2}run log {3}s3 \(none\/ci\)\n.*no such bucket; create none or name another\n/);
  const json = await runMagnus(["doctor", "--json"], { cwd, env });
  expect(JSON.parse(json.stdout).checks.map((check: { ok: boolean }) => check.ok)).toEqual([false, false, true]);
  const refused = await runMagnus(["doctor"], { cwd, env: { ...env, AWS_ACCESS_KEY_ID: "other" } });
  expect(refused.stdout).toContain("InvalidAccessKeyId");
  for (const { stdout } of [told, json, refused]) expect(stdout).not.toContain("secret-of-the-store");
  const unset = await runMagnus(["doctor", "--set", "run_log_store.bucket=$NONE"], { cwd, env });
  expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining("unset-variable")]);
});

test("a step whose store cannot be reached ends with 74 and one line", async () => {
  const services = '{"run_log_store":{"type":"s3","bucket":"runs","endpoint":"ftp://x"}}';
  const spec =
    '{"v":1,"path":[{"node":"a","ok":{"end":"success","name":"success"},"failed":{"end":"fail","name":"fail"}}]}';
  const { code, stderr } = await run(process.execPath, [shim, "run", "--spec", spec], {
    cwd: workspace(),
    env: { MAGNUS_RUN_ID: "r", MAGNUS_SERVICES: services, AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" },
  });
  expect([code, stderr]).toEqual([
    74,
    'magnus-shim: cannot use the bucket runs: its endpoint "ftp://x" is not an http(s) URL\n',
  ]);
});

test("a shim that was copied alone says what it lacks, where a server is configured", async () => {
  const cwd = workspace();
  copyFileSync(shimAlone, path.join(cwd, "shim.cjs"));
  const env = { MAGNUS_RUN_ID: "r", MAGNUS_SERVICES: '{"run_log_store":{"type":"s3","bucket":"runs"}}' };
  const { code, stderr } = await run(process.execPath, ["shim.cjs", "verdict"], { cwd, env });
  expect([code, stderr]).toEqual([
    74,
    expect.stringMatching(/^magnus-shim: stores\.cjs.* is missing beside the shim.*\n$/),
  ]);
});

test("what install copies reaches a server, too", async () => {
  const { env } = await s3();
  const cwd = workspace();
  expect((await run(process.execPath, [shim, "install", "tools"], { cwd })).code).toBe(0);
  const services = '{"run_log_store":{"type":"s3","bucket":"runs","endpoint":"http://127.0.0.1:1"}}';
  const { stderr } = await run(path.join(cwd, "tools/magnus-shim"), ["verdict"], {
    cwd,
    env: { ...env, MAGNUS_RUN_ID: "r", MAGNUS_SERVICES: services.replace("http://127.0.0.1:1", "ftp://x") },
  });
  expect(stderr).toContain('its endpoint "ftp://x" is not an http(s) URL');
});

describe("what is compiled", () => {
  const configuration = `
run_log_store: {type: s3, config: {bucket: runs}}
catalog: {type: s3, config: {bucket: runs}}
targets:
  argo: {image: a, shim_image: b}
`;

  test("has no source for the credentials of a bucket: an error that says where one is given", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline, "magnus-config.yaml": configuration });
    for (const target of ["argo", "github-actions"]) {
      const { code, stderr } = await runMagnus(["check", "pipeline.yaml", "-t", target], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain("the services need the variable AWS_ACCESS_KEY_ID");
      expect(stderr).toContain("the services need the variable AWS_SECRET_ACCESS_KEY");
    }
  });

  test("carries what reaches a server, and references instead of secrets", async () => {
    const cwd = workspace({
      "pipeline.yaml": pipeline,
      "magnus-config.yaml": `${configuration.replace("b}", "b, secret: aws}")}
  github-actions:
    env: {AWS_ACCESS_KEY_ID: '\${{ secrets.AWS_ACCESS_KEY_ID }}', AWS_SECRET_ACCESS_KEY: '\${{ secrets.AWS_SECRET_ACCESS_KEY }}'}
`,
    });
    const compiled = await runMagnus(["compile", "pipeline.yaml", "-t", "argo", "-t", "github-actions"], { cwd });
    expect(compiled.code, compiled.stderr).toBe(0);
    const argo = readFileSync(path.join(cwd, "pipeline.argo.yaml"), "utf8");
    expect(argo).toMatch(/name: AWS_SECRET_ACCESS_KEY\s+valueFrom:/);
    expect(argo).not.toContain("persistentVolumeClaim");
    expect(readdirSync(path.join(cwd, ".github/magnus"))).toContain("stores.cjs");
    const workflow = readFileSync(path.join(cwd, ".github/workflows/pipeline.yml"), "utf8");
    expect(workflow).not.toContain("upload-artifact");
  });

  test("carries none of it where the run log is in folders", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    expect((await runMagnus(["compile", "pipeline.yaml", "-t", "github-actions", "-q"], { cwd })).code).toBe(0);
    expect(readdirSync(path.join(cwd, ".github/magnus"))).not.toContain("stores.cjs");
  });

  test("takes a role instead of keys: of GitHub's token, of a service account", async () => {
    const cwd = workspace({
      "pipeline.yaml": pipeline,
      "magnus-config.yaml": `${configuration.replace("b}", "b, service_account_name: runs}")}
  github-actions: {env: {AWS_ROLE_ARN: 'arn:aws:iam::1:role/r'}}
`,
    });
    const compiled = await runMagnus(["compile", "pipeline.yaml", "-t", "argo", "-t", "github-actions"], { cwd });
    expect(compiled.code, compiled.stderr).toBe(0);
    expect(readFileSync(path.join(cwd, "pipeline.argo.yaml"), "utf8")).not.toContain("AWS_");
    expect(readdirSync(path.join(cwd, ".github/magnus"))).toContain("aws-credentials.cjs");
    const { jobs } = parse(readFileSync(path.join(cwd, ".github/workflows/pipeline.yml"), "utf8"));
    for (const [id, job] of Object.entries<{ permissions: object }>(jobs)) {
      expect(job.permissions, id).toEqual({ contents: "read", "id-token": "write" });
    }
    const keys = {
      "targets.github-actions.env.AWS_ACCESS_KEY_ID": "k",
      "targets.github-actions.env.AWS_SECRET_ACCESS_KEY": "s",
    };
    const set = Object.entries(keys).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    await runMagnus(["compile", "pipeline.yaml", "-t", "github-actions", "-o", "with-keys", ...set], { cwd });
    expect(readdirSync(path.join(cwd, "with-keys/.github/magnus"))).not.toContain("aws-credentials.cjs");
    expect(readFileSync(path.join(cwd, "with-keys/.github/workflows/pipeline.yml"), "utf8")).not.toContain("id-token");
  });
});

test("a run and a script on a bucket that nobody has tried say so, steps do not", async () => {
  const { configuration, env } = await s3();
  const cwd = workspace({ "pipeline.yaml": pipeline, "magnus-config.yaml": configuration });
  const here = await runMagnus(["run", "pipeline.yaml"], { cwd, env });
  expect((await runMagnus(["compile", "pipeline.yaml", "-t", "shell", "-q"], { cwd, env })).code).toBe(0);
  const script = await run("sh", ["pipeline.sh"], { cwd, env: { ...env, MAGNUS_SHIM: shim } });
  for (const { code, stderr } of [here, script]) {
    expect(code, stderr).toBe(0);
    expect(stderr.match(/it has not been checked that s3 .* `magnus doctor` checks it and remembers/g)).toHaveLength(1);
  }
});
