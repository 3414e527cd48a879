/** Credentials of AWS that no variable holds, as programs find them; nobody but the loopback is asked. */
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type AwsStandIn, awsStandIn } from "../support/aws-stand-in.ts";
import { run, runMagnus, shim } from "../support/programs.ts";
import { type S3StandIn, s3StandIn } from "../support/s3-stand-in.ts";
import { workspace } from "../support/workspace.ts";

const role = "arn:aws:iam::123456789012:role/runs";

interface Setting {
  readonly aws: AwsStandIn;
  readonly bucket: S3StandIn;
  readonly cwd: string;
  /** Of a program whose home is the workspace. */
  readonly env: { readonly [name: string]: string };
}

async function setting(files: { readonly [name: string]: string } = {}): Promise<Setting> {
  const [aws, bucket] = [await awsStandIn(), await s3StandIn()];
  onTestFinished(async () => {
    await aws.close();
    await bucket.close();
  });
  const configuration = `run_log_store: {type: s3, config: {bucket: runs, endpoint: '${bucket.endpoint}'}}\n`;
  const cwd = workspace({ "magnus-config.yaml": configuration, ...files });
  const home = { HOME: cwd, AWS_CONFIG_FILE: "", AWS_SHARED_CREDENTIALS_FILE: "" };
  return { aws, bucket, cwd, env: { ...home, AWS_ENDPOINT_URL_STS: aws.url } };
}

async function doctor({ cwd, env }: Setting, more: { readonly [name: string]: string } = {}) {
  const { stdout, stderr } = await runMagnus(["doctor", "--json"], { cwd, env: { ...env, ...more } });
  expect(stderr).toBe("");
  return JSON.parse(stdout).checks[0];
}

const until = /, until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, then anew$/;

test("variables come first, whatever else there is", async () => {
  const here = await setting({
    ".aws/credentials": "[default]\naws_access_key_id = other\naws_secret_access_key = x\n",
  });
  const keys = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret", AWS_PROFILE: "none" };
  expect(await doctor(here, keys)).toMatchObject({
    ok: true,
    credentials: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  });
  expect((await doctor(here, { ...keys, AWS_SECRET_ACCESS_KEY: "" })).wrong).toEqual([
    "cannot use the bucket runs: there are no credentials; AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY",
  ]);
});

test("profiles: keys and region of ~/.aws, the usual one and the one that is named", async () => {
  const here = await setting({
    ".aws/credentials":
      "[default]\naws_access_key_id = key\naws_secret_access_key = s\n[team]\naws_access_key_id = key\naws_secret_access_key = t\n",
    ".aws/config": "[default]\nregion = eu-north-1\n[profile team]\nregion = eu-west-3\n",
  });
  expect(await doctor(here)).toMatchObject({ ok: true, credentials: "the profile default" });
  expect(here.bucket.requests[0]?.headers.authorization).toContain("/eu-north-1/s3/");
  here.bucket.requests.length = 0;
  expect(await doctor(here, { AWS_PROFILE: "team" })).toMatchObject({ ok: true, credentials: "the profile team" });
  expect(here.bucket.requests[0]?.headers.authorization).toContain("/eu-west-3/s3/");
  const missing = await doctor(here, { AWS_PROFILE: "nowhere" });
  expect(missing.wrong).toEqual([
    expect.stringMatching(/^cannot use the bucket runs: the profile nowhere gives no credentials: .*nowhere/),
  ]);
});

test("a profile's role, by the keys of another profile", async () => {
  const here = await setting({
    ".aws/credentials": "[base]\naws_access_key_id = base-key\naws_secret_access_key = s\n",
    ".aws/config": `[profile team]\nrole_arn = ${role}\nsource_profile = base\nregion = eu-west-3\n`,
  });
  here.bucket.session = "session-1";
  const found = await doctor(here, { AWS_PROFILE: "team" });
  expect(found).toMatchObject({ ok: true, credentials: expect.stringMatching(/^the profile team, until /) });
  expect(found.credentials).toMatch(until);
  expect(here.aws.requests.map(({ what, form }) => [what, form.get("RoleArn")])).toEqual([["POST AssumeRole", role]]);
  expect(here.aws.requests[0]?.headers.authorization).toContain("Credential=base-key/");
});

test("a profile's program", async () => {
  const here = await setting({
    "keys.sh": `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"key","SecretAccessKey":"s","SessionToken":"by-program"}'\n`,
  });
  const program = path.join(here.cwd, "keys.sh");
  chmodSync(program, 0o755);
  const other = workspace({ config: `[default]\ncredential_process = ${program}\n` });
  here.bucket.session = "by-program";
  const config = { AWS_CONFIG_FILE: path.join(other, "config") };
  expect(await doctor(here, config)).toMatchObject({ ok: true, credentials: "the profile default" });
});

test("a role by a token file, as service accounts have it, of a profile too", async () => {
  const here = await setting({ token: "who-i-am" });
  const token = path.join(here.cwd, "token");
  here.bucket.session = "session-1";
  const variables = { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: token };
  const found = await doctor(here, variables);
  expect([found.ok, found.credentials]).toEqual([true, expect.stringContaining(`the role ${role} (AWS_WEB_IDENTITY_`)]);
  const [asked] = here.aws.requests;
  expect([asked?.what, asked?.form.get("WebIdentityToken")]).toEqual(["POST AssumeRoleWithWebIdentity", "who-i-am"]);
  const config = workspace({ config: `[profile ci]\nrole_arn = ${role}\nweb_identity_token_file = ${token}\n` });
  here.bucket.session = "session-2";
  const profile = { AWS_PROFILE: "ci", AWS_CONFIG_FILE: path.join(config, "config") };
  expect(await doctor(here, profile)).toMatchObject({ ok: true });
});

test("a role by GitHub's token, where the job may have one", async () => {
  const here = await setting();
  here.bucket.session = "session-1";
  const asking = { ACTIONS_ID_TOKEN_REQUEST_URL: `${here.aws.url}/github?v=2`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job" };
  const found = await doctor(here, { AWS_ROLE_ARN: role, ...asking, GITHUB_RUN_ID: "7" });
  expect([found.ok, found.credentials]).toEqual([true, expect.stringContaining(`the role ${role} (GitHub's token)`)]);
  const [github, sts] = here.aws.requests;
  expect([github?.form.get("audience"), github?.form.get("v")]).toEqual(["sts.amazonaws.com", "2"]);
  expect(github?.headers.authorization).toBe("bearer job");
  const given = ["WebIdentityToken", "RoleArn", "RoleSessionName"].map((name) => sts?.form.get(name));
  expect(given).toEqual(["github-says-so", role, "magnus-7"]);
  const without = await doctor(here, { AWS_ROLE_ARN: role });
  expect(without.wrong[0]).toContain("the permission `id-token: write`");
});

test("a container's endpoint, with its token", async () => {
  const here = await setting();
  here.bucket.session = "session-1";
  const found = await doctor(here, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${here.aws.url}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod",
  });
  expect([found.ok, found.credentials]).toEqual([true, expect.stringMatching(/^the container .*, until /)]);
  expect(here.aws.requests.map(({ what, headers }) => [what, headers.authorization])).toEqual([
    ["GET /container", "pod"],
  ]);
});

test("what refuses is named in one line, without what was shown to it", async () => {
  const here = await setting({ token: "who-i-am-is-hidden" });
  here.aws.refuse = { status: 403, code: "AccessDenied", message: "Not authorized to perform\nthis" };
  const variables = { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: path.join(here.cwd, "token") };
  const [line] = (await doctor(here, variables)).wrong;
  expect(line).toMatch(/^cannot use the bucket runs: the role .* gives no credentials: AccessDenied, Not authorized/);
  expect(line).not.toMatch(/hidden|\n/);
  const file = await doctor(here, { ...variables, AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere" });
  expect(file.wrong[0]).toMatch(/gives no credentials: .*\/nowhere/);
});

test("without any, all that was looked at, by a step too", async () => {
  const here = await setting();
  const all = [
    "there are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
    "none of AWS_PROFILE, AWS_ROLE_ARN, AWS_CONTAINER_CREDENTIALS_FULL_URI asks for others",
    `there is no ${here.cwd}/.aws/credentials`,
    "the machine's metadata service is switched off (AWS_EC2_METADATA_DISABLED)",
  ].join("; ");
  expect((await doctor(here)).wrong).toEqual([`cannot use the bucket runs: ${all}`]);
  const services = `{"run_log_store":{"type":"s3","bucket":"runs","endpoint":"${here.bucket.endpoint}"}}`;
  const env = { ...here.env, MAGNUS_RUN_ID: "r", MAGNUS_SERVICES: services };
  const step = await run(process.execPath, [shim, "verdict"], { cwd: here.cwd, env });
  expect([step.code, step.stderr]).toEqual([1, expect.stringContaining(all)]);
});

test("a whole workflow in the simulator, each job by GitHub's token, its verdict too", async () => {
  const here = await setting({
    "pipeline.yaml": `
parameters: {n: [1, 2]}
dag:
  steps:
    - {name: first, type: task, command_type: shell, command: "echo x >file.txt", catalog: {put: [file.txt]}}
    - name: each
      type: map
      iterate_on: n
      iterate_as: i
      branch: {steps: [{name: work, type: task, command_type: shell, command: "cat file.txt", catalog: {get: [file.txt]}}]}
`,
  });
  const place = `config: {bucket: runs, endpoint: '${here.bucket.endpoint}'}`;
  // On GitHub the runner sets the two variables of the token.
  const configuration = `
run_log_store: {type: s3, ${place}}
catalog: {type: s3, ${place}}
targets:
  github-actions:
    env:
      AWS_ROLE_ARN: ${role}
      AWS_ENDPOINT_URL_STS: ${here.aws.url}
      ACTIONS_ID_TOKEN_REQUEST_URL: ${here.aws.url}/github
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: job
`;
  writeFileSync(path.join(here.cwd, "magnus-config.yaml"), configuration);
  const compiled = await runMagnus(["compile", "pipeline.yaml", "-t", "github-actions"], { cwd: here.cwd });
  expect(compiled.code, compiled.stderr).toBe(0);
  const ended = await runMagnus(["simulate", ".github/workflows/pipeline.yml"], { cwd: here.cwd, env: here.env });
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  const runs = await runMagnus(["runs", "list", "--json"], {
    cwd: here.cwd,
    env: { ...here.env, AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" },
  });
  expect(JSON.parse(runs.stdout).runs).toMatchObject([{ status: "success" }]);
  const asked = here.aws.requests.map(({ what }) => what);
  // One for each process: two steps of three jobs, and the verdict.
  expect(asked.filter((what) => what === "GET /github").length).toBeGreaterThanOrEqual(4);
  expect(asked.filter((what) => what === "POST AssumeRoleWithWebIdentity").length).toBeGreaterThanOrEqual(4);
});
