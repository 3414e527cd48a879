/** What `--target github-actions` prints, read back as YAML; that it means the same is shown by test/conformance. */
import { describe, expect, test } from "vitest";
import type { ServicesSpec } from "../../../src/protocol/services.ts";
import {
  chain,
  writtenWorkflows as compile,
  compileForGithub,
  mainWorkflow as main,
  shell,
  type WrittenJob,
  type WrittenStep,
  type WrittenWorkflow,
} from "./compile-github-actions.ts";

const one = chain(1);
/** A map over a graph, for which there is a file. */
const mapped = `parameters: {xs: [1, 2]}
dag:
  steps:
    - name: each
      type: map
      iterate_on: xs
      iterate_as: x
      max_parallel: 3
      overrides: {github-actions: slow}
      branch:
        steps:
          - {name: fit, type: task, command_type: shell, command: "true", secrets: [TOKEN]}
          - {name: see, type: stub}
`;

function jobOf(workflow: WrittenWorkflow | undefined, id: string): WrittenJob {
  const job = workflow?.jobs[id];
  if (job === undefined) throw new Error(`no job ${id}`);
  return job;
}

function stepsOf(workflow: WrittenWorkflow | undefined, id: string): readonly WrittenStep[] {
  return jobOf(workflow, id).steps ?? [];
}

/** `checkout`, `download`, `run`, … in order. */
function kindsOf(steps: readonly WrittenStep[]): readonly string[] {
  return steps.map(
    ({ uses = "", name = "" }) => /^actions\/(?:(\w+)-artifact|([\w-]+))@/.exec(uses)?.slice(1).join("") || name,
  );
}

describe("files", () => {
  test("a workflow, a plan, and an action that all pipelines share; a file for each body of a map", () => {
    expect([...compileForGithub(mapped).files.keys()]).toEqual([
      ".github/workflows/p.yml",
      ".github/workflows/p--each.yml",
      ".github/magnus/p.plan.json",
      ".github/magnus/action.yml",
      ".github/magnus/shim.cjs",
    ]);
  });

  test("a step is a job: checkout, chunks of the run log, the step, its own chunk; the verdict waits for all", () => {
    const workflow = main(chain(2));
    expect(Object.keys(workflow.jobs)).toEqual(["s0", "s1", "magnus-verdict"]);
    expect(kindsOf(stepsOf(workflow, "s0"))).toEqual(["checkout", "s0", "upload"]);
    expect(kindsOf(stepsOf(workflow, "s1"))).toEqual(["checkout", "download", "s1", "upload"]);
    expect(jobOf(workflow, "s0").if).toBeUndefined();
    expect(jobOf(workflow, "s1")).toMatchObject({
      needs: ["s0"],
      if: "${{ !cancelled() && needs.s0.result == 'success' }}",
    });
    expect(jobOf(workflow, "magnus-verdict")).toMatchObject({ needs: ["s0", "s1"], if: "${{ always() }}" });
  });

  test("every condition is one whole expression, and asks whether the run is cancelled", () => {
    for (const { jobs } of compile(mapped).values()) {
      for (const [id, { if: condition }] of Object.entries(jobs)) {
        if (condition === undefined) continue;
        expect(condition).toMatch(/^\$\{\{ (?:(?!\$\{\{|\}\}).)* \}\}$/);
        if (id !== "magnus-verdict") expect(condition).toMatch(/^\$\{\{ !cancelled\(\)/);
      }
    }
  });

  test("actions are pinned to commits, with their release beside", () => {
    const text = [
      ...compileForGithub(mapped, { options: { setup: { python: "3.12", node: "22" } } }).files.values(),
    ].join("");
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses: actions\//.test(line));
    expect(new Set(uses.map((line) => /actions\/([\w-]+)@/.exec(line)?.[1])).size).toBe(5);
    for (const line of uses) expect(line).toMatch(/uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("a step that handles a failure is told by an output; nothing else continues on error", () => {
    const workflow = main(`dag:\n  steps:\n${shell("a", ", on_failure: b, next: success")}${shell("b")}`);
    expect(jobOf(workflow, "a")).toMatchObject({ "continue-on-error": true, outputs: { ok: expect.anything() } });
    expect(jobOf(workflow, "b").if).toBe(
      "${{ !cancelled() && needs.a.result != 'skipped' && needs.a.outputs.ok != 'true' }}",
    );
    expect(jobOf(workflow, "b")["continue-on-error"]).toBeUndefined();
  });
});

describe("options of jobs", () => {
  const settings = {
    options: {
      runs_on: ["self-hosted", "linux"],
      image: "python:3.12",
      container: { credentials: { username: "me", password: "${{ secrets.REGISTRY }}" } },
      environment: "production",
      permissions: { "id-token": "write" },
      env: { REGION: "${{ vars.REGION }}", LEVEL: "1" },
      setup: { python: "3.12", node: "22", install: "pip install .", steps: [{ run: "make" }] },
      overrides: { big: { runs_on: "large", image: "gpu:1", env: { LEVEL: "2" }, permissions: { packages: "read" } } },
    },
  };
  const text = `dag:\n  steps:\n${shell("a")}${shell("b", ", overrides: {github-actions: big}")}    - {name: c, type: stub}\n`;
  const workflow = main(text, settings);

  test("tasks have them all", () => {
    expect(jobOf(workflow, "a")).toMatchObject({
      "runs-on": ["self-hosted", "linux"],
      container: { image: "python:3.12", options: "--user 0", credentials: { username: "me" } },
      environment: "production",
      permissions: { contents: "read", "id-token": "write" },
    });
    expect(kindsOf(stepsOf(workflow, "a")).slice(0, 4)).toEqual(["checkout", "setup-python", "setup-node", "install"]);
    expect(
      stepsOf(workflow, "a")
        .map(({ run }) => run)
        .filter(Boolean),
    ).toEqual(["pip install .", "make"]);
    expect(stepsOf(workflow, "a").find(({ id }) => id === "run")?.env).toEqual({
      REGION: "${{ vars.REGION }}",
      LEVEL: "1",
    });
  });

  test("an override comes before them; its environment is added", () => {
    expect(jobOf(workflow, "b")).toMatchObject({
      "runs-on": "large",
      container: { image: "gpu:1" },
      permissions: { contents: "read", packages: "read" },
    });
    expect(stepsOf(workflow, "b").find(({ id }) => id === "run")?.env).toEqual({
      REGION: "${{ vars.REGION }}",
      LEVEL: "2",
    });
  });

  test("a stub and the verdict run nothing of the user's: no image, no set-up, no permissions, no environment", () => {
    for (const id of ["c", "magnus-verdict"]) {
      const job = jobOf(workflow, id);
      expect(job).toMatchObject({ "runs-on": ["self-hosted", "linux"], permissions: { contents: "read" } });
      expect(job.container ?? job.environment).toBeUndefined();
      expect(Object.keys(job.permissions ?? {})).toEqual(["contents"]);
      expect(kindsOf(stepsOf(workflow, id))).not.toContain("install");
    }
  });

  test("a job that calls a file grants what the jobs in it are granted", () => {
    const workflow = main(mapped, { options: { permissions: { "id-token": "write" }, overrides: { slow: {} } } });
    expect(jobOf(workflow, "each").permissions).toEqual({ contents: "read", "id-token": "write" });
  });

  test("timeouts of the step and of its job stand behind that of the shim", () => {
    const workflow = main(`dag:\n  steps:\n${shell("a", ", timeout: 90s, max_attempts: 2")}`);
    expect(stepsOf(workflow, "a").find(({ id }) => id === "run")).toMatchObject({ "timeout-minutes": 13 });
    expect(jobOf(workflow, "a")).toMatchObject({ "timeout-minutes": 33 });
  });
});

describe("options of workflows", () => {
  test("schedule, further events, name and group", () => {
    const { on, name, concurrency } = main(one, {
      options: {
        schedule: [{ cron: "0 6 * * 1", timezone: "Europe/Berlin" }, "0 7 * * *"],
        on: { push: { branches: ["main"] } },
        name: "Nightly",
        concurrency_group: "nightly",
      },
    });
    expect(on.schedule).toEqual([{ cron: "0 6 * * 1", timezone: "Europe/Berlin" }, { cron: "0 7 * * *" }]);
    expect(on.push).toEqual({ branches: ["main"] });
    expect(name).toBe("Nightly");
    expect(concurrency).toEqual({ group: "nightly", "cancel-in-progress": false });
    expect(main(one, { options: { schedule: "0 6 * * 1" } }).on.schedule).toEqual([{ cron: "0 6 * * 1" }]);
  });

  test("secrets are in the environment of the step that names them, and are handed to files that are called", () => {
    const workflows = compile(mapped, { options: { secrets: { TOKEN: "MODELS_TOKEN" }, overrides: { slow: {} } } });
    const inside = workflows.get("p--each");
    expect(stepsOf(inside, "each-fit").find(({ id }) => id === "run")?.env).toEqual({
      TOKEN: "${{ secrets.MODELS_TOKEN }}",
    });
    expect(stepsOf(inside, "each-see").find(({ id }) => id === "run")?.env).toBeUndefined();
    expect(jobOf(workflows.get("p"), "each").secrets).toEqual({ MODELS_TOKEN: "${{ secrets.MODELS_TOKEN }}" });
    expect(inside?.on.workflow_call?.secrets).toEqual({ MODELS_TOKEN: { required: false } });
    expect(workflows.get("p")?.on.workflow_call?.secrets).toEqual({ MODELS_TOKEN: { required: false } });
  });

  test("secrets that options name are handed to files that are called", () => {
    const container = { credentials: { username: "me", password: "${{ secrets.REGISTRY || secrets.GITHUB_TOKEN }}" } };
    const slow = { env: { LICENCE: "${{ secrets.LICENCE }}" } };
    const workflows = compile(mapped, { options: { image: "a:1", container, overrides: { slow } } });
    const secrets = { REGISTRY: "${{ secrets.REGISTRY }}", TOKEN: "${{ secrets.TOKEN }}" };
    expect(jobOf(workflows.get("p"), "each").secrets).toEqual(secrets);
    const inside = { options: { env: { LICENCE: "${{ secrets.LICENCE }}" }, overrides: { slow: {} } } };
    expect(jobOf(main(mapped, inside), "each").secrets).toMatchObject({ LICENCE: "${{ secrets.LICENCE }}" });
  });

  test("items at a time are the pipeline's, or those of the override", () => {
    const strategy = (slow: object) => jobOf(main(mapped, { options: { overrides: { slow } } }), "each").strategy;
    expect(strategy({})).toMatchObject({ "fail-fast": false, "max-parallel": 3 });
    expect(strategy({ max_parallel: 1 })).toMatchObject({ "fail-fast": false, "max-parallel": 1 });
  });

  test("a map that may have many items runs in batches", () => {
    const workflows = compile(mapped, { options: { many_items: ["each"], overrides: { slow: {} } } });
    expect([...workflows.keys()]).toEqual(["p", "p--each-batch", "p--each"]);
    expect(jobOf(workflows.get("p"), "each")).toMatchObject({
      uses: "./.github/workflows/p--each-batch.yml",
      strategy: { "max-parallel": 1, matrix: { batch: "${{ fromJSON(needs.each-gather.outputs.batches) }}" } },
    });
    expect(jobOf(workflows.get("p--each-batch"), "item")).toMatchObject({
      uses: "./.github/workflows/p--each.yml",
      strategy: { "max-parallel": 3, matrix: { item: "${{ fromJSON(inputs.items) }}" } },
    });
    const long = mapped.replace("[1, 2]", JSON.stringify(Array.from({ length: 257 }, (_, i) => i)));
    expect([...compile(long, { options: { overrides: { slow: {} } } }).keys()]).toContain("p--each-batch");
  });

  test("what is in a folder of all runners is not sent as artifacts", () => {
    const text = `dag:\n  steps:\n${shell("a", ", catalog: {put: [x]}")}${shell("b", ", catalog: {get: [x]}")}`;
    const kinds = (services: ServicesSpec) => ["a", "b"].map((id) => kindsOf(stepsOf(main(text, { services }), id)));
    const log = { type: "file-system", log_folder: "/shared/runs" };
    const catalog = { type: "file-system", catalog_location: "/shared/catalog" };
    expect(kinds({})).toEqual([
      ["checkout", "a", "upload", "upload"],
      ["checkout", "download", "download", "b", "upload"],
    ]);
    expect(kinds({ catalog })).toEqual([
      ["checkout", "a", "upload"],
      ["checkout", "download", "b", "upload"],
    ]);
    expect(kinds({ run_log_store: log, catalog })).toEqual([
      ["checkout", "a"],
      ["checkout", "b"],
    ]);
  });
});

describe("parameters are inputs", () => {
  const inputs = (head: string) => main(`${head}\n${one}`).on;

  test("of their type in the form, texts for who calls the workflow", () => {
    const { workflow_dispatch, workflow_call } = inputs(
      `parameters: {rate: 0.5, deep: true, kind: fast, list: [1], free: text, exact: 1.50}
parameter_schema: {kind: {enum: [fast, good], description: "how\\n\${{ x }}"}, count: {type: integer}, wet: {type: boolean}}`,
    );
    expect(workflow_dispatch?.inputs).toEqual({
      rate: { type: "number", default: 0.5 },
      deep: { type: "boolean", default: true },
      kind: { type: "choice", options: ["fast", "good"], default: "fast", description: "how $ {{ x }}" },
      list: { type: "string", default: "[1]" },
      free: { type: "string", default: "text" },
      exact: { type: "string", default: "1.50" },
      count: { type: "number" },
      wet: { type: "choice", options: ["", "true", "false"] },
    });
    expect(Object.values(workflow_call?.inputs ?? {}).map((input) => ("type" in input ? input.type : ""))).toEqual(
      Array.from({ length: 9 }, () => "string"),
    );
  });

  test.each([
    ["more than 25", Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`p${i}`, i]))],
    ["names that differ in case only", { Rate: 1, rate: 2 }],
  ])("%s: one input of JSON", (_, parameters) => {
    const workflow = main(`parameters: ${JSON.stringify(parameters)}\n${one}`);
    expect(Object.keys(workflow.on.workflow_dispatch?.inputs ?? {})).toEqual(["parameters"]);
    expect(stepsOf(workflow, "s0").find(({ id }) => id === "run")?.env).toEqual({
      MAGNUS_PARAMETERS: "${{ inputs.parameters }}",
    });
  });

  test("25 are inputs of their own", () => {
    const parameters = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`p${i}`, i]));
    expect(
      Object.keys(inputs(`parameters: ${JSON.stringify(parameters)}`).workflow_dispatch?.inputs ?? {}),
    ).toHaveLength(25);
  });

  test("a parameter named call keeps its name", () => {
    const workflow = main(`parameters: {Call: 1}\n${one}`);
    expect(Object.keys(workflow.on.workflow_call?.inputs ?? {})).toEqual(["Call", "magnus-call"]);
    const run = stepsOf(workflow, "s0").find(({ id }) => id === "run");
    expect(run?.with?.call).toBe("${{ inputs.magnus-call }}");
    expect(run?.env).toMatchObject({ MAGNUS_PRM_Call: "${{ inputs.Call }}" });
  });

  test("a default that GitHub would evaluate is shown as JSON in which there is nothing to evaluate", () => {
    const { a } = inputs('parameters: {a: "${{ github.token }}"}').workflow_dispatch?.inputs ?? {};
    const text = JSON.stringify(a);
    expect(text).not.toContain("${{");
    expect(JSON.parse(JSON.parse(text).default)).toBe("${{ github.token }}");
  });
});
