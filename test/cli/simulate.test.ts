import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, runMagnus } from "../support/programs.ts";

let work = "";
beforeAll(() => {
  work = mkdtempSync(path.join(tmpdir(), "magnus-simulate-"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const simulate = (manifest: string, ...args: string[]): Promise<Ended> => {
  writeFileSync(path.join(work, "w.yaml"), manifest);
  return runMagnus(["simulate", "w.yaml", ...args], { cwd: work });
};

const workflow = (script: string, more = ""): string => `kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
${more}  templates:
  - name: main
    dag: {failFast: false, tasks: [{name: greet, template: sh}]}
  - name: sh
    container: {image: busybox, command: [sh, -c, ${JSON.stringify(script)}], env: [{name: WHO, value: "{{workflow.parameters.who}}"}]}
`;
const who = "  arguments: {parameters: [{name: who, value: world}]}\n";

test("a workflow that succeeds: a line for each transition on stderr, exit code 0", async () => {
  const { code, stdout, stderr } = await simulate(workflow("true", who));
  expect(stderr.replace(/\d+\.\d s/g, "T")).toBe("greet  started\ngreet  Succeeded  T\nworkflow  Succeeded  1 pod\n");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
});

test("a workflow that fails shows why, exit code 1", async () => {
  const { code, stderr } = await simulate(workflow('echo "hello $WHO"; exit 3', who), "--param", "who=you");
  expect(stderr.replace(/\d+\.\d s/g, "T")).toBe(
    `greet  started
greet  Failed  T  main: Error (exit code 3)
  hello you
failed: greet  main: Error (exit code 3)
workflow  Failed  1 pod
`,
  );
  expect(code).toBe(1);
});

test("--input is --param in GitHub's word", async () => {
  const { code, stderr } = await simulate(workflow('test "$WHO" = you', who), "--input", "who=you");
  expect(code, stderr).toBe(0);
});

test("a workflow that hangs says on what, exit code 1", async () => {
  const { code, stderr } = await simulate(
    "kind: Workflow\nmetadata: {name: w}\nspec: {entrypoint: s, templates: [{name: s, suspend: {}}]}\n",
  );
  expect(stderr).toBe("hangs: / is suspended until somebody resumes it\nworkflow  hung  0 pods\n");
  expect(code).toBe(1);
});

test("--json prints the end", async () => {
  const { code, stdout } = await simulate(workflow("true", who), "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ phase: "Succeeded", pods: 1, hangs: [], warnings: [] });
});

describe("bad input is one line each, exit code 2", () => {
  test.for([
    ["a file that is not there", undefined, [], "no such file"],
    ["a mistake in the manifest", workflow("true"), [], "w.yaml:8:5: failed to resolve {{workflow.parameters.who}}"],
    [
      "what is not simulated",
      workflow("true", `${who}  shutdown: Stop\n`),
      [],
      "w.yaml:6:3: shutdown is not simulated",
    ],
    [
      "an unknown parameter",
      workflow("true", who),
      ["--param", "x=1"],
      "--param x: the workflow has no parameter of this name",
    ],
    ["a flag without a value", workflow("true", who), ["--secret", "x"], "--secret x: write --secret NAME/KEY=VALUE"],
    [
      "a secret without its key",
      workflow("true", who),
      ["--secret", "x=y"],
      "--secret x: write --secret SECRET/KEY=VALUE",
    ],
    [
      "a claim that nothing mounts",
      workflow("true", who),
      ["--volume", "x=y"],
      "the workflow does not mount this claim",
    ],
    ["an option for GitHub: --fail", workflow("true", who), ["--fail", "a"], "--fail is a flag of github-actions"],
    [
      "an option for GitHub: --event",
      workflow("true", who),
      ["--event", "push"],
      "--event is a flag of github-actions",
    ],
    ["an option for Argo: --volume", "on: push\njobs: {}\n", ["--volume", "x=y"], "--volume is a flag of argo"],
    [
      "an option for Argo: --secret with a key",
      "on: push\njobs: {}\n",
      ["--secret", "a/b=c"],
      "--secret a/b: a secret",
    ],
    [
      "a parameter without a value",
      workflow("true", "  arguments: {parameters: [{name: who}]}\n"),
      [],
      "the parameter who has no value: add --param who=VALUE",
    ],
  ] as const)("%s", async ([, manifest, args, message]) => {
    const { code, stderr } =
      manifest === undefined
        ? await runMagnus(["simulate", "none.yaml"], { cwd: work })
        : await simulate(manifest, ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

test("a compiled pipeline writes its run log into the claim, and secrets reach the step", async () => {
  writeFileSync(
    path.join(work, "pipeline.yaml"),
    `parameters: {count: 1}
dag:
  steps:
    - {name: add, type: task, command_type: shell, command: 'test "$TOKEN" = opensesame && export MAGNUS_PRM_total=$((count + 1))', secrets: [TOKEN]}
`,
  );
  const options = { image: "i", shim_image: "s", storage: { claim: "runs" }, secret: "vault" };
  writeFileSync(path.join(work, "magnus-config.yaml"), JSON.stringify({ targets: { argo: options } }));
  expect((await runMagnus(["compile", "pipeline.yaml", "--target", "argo"], { cwd: work })).code).toBe(0);
  const args = ["--volume", "runs=claim", "--secret", "vault/TOKEN=opensesame", "--param", "count=41"];
  const { code, stderr } = await runMagnus(["simulate", "pipeline.argo.yaml", ...args], { cwd: work });
  expect(code, stderr).toBe(0);
  const [run = ""] = readdirSync(path.join(work, "claim/runs"));
  expect(run).toMatch(/^pipeline-[a-z0-9]{5}$/);
  const { stdout } = await runMagnus(["runs", "show", path.join("claim/runs", run), "--json"], { cwd: work });
  expect(JSON.parse(stdout)).toMatchObject({ status: "success", parameters: { total: 42 } });
});
