/** Texts and limits of `--target github-actions`: nothing is evaluated, and what GitHub would not run is refused. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ServicesSpec } from "../../../src/protocol/services.ts";
import {
  type CompileSettings,
  chain,
  compileForGithub,
  mainWorkflow as main,
  shell,
} from "./compile-github-actions.ts";

const one = chain(1);
describe("text", () => {
  const hostile = "${{ secrets.X }} {{ y }} ::error::z\n\u001b[31m \u007f 🫩 \" '";
  const text = JSON.stringify({
    description: hostile,
    parameters: { p: hostile },
    parameter_schema: { p: { description: hostile } },
    dag: {
      start_at: "a ${{ github }} b",
      steps: {
        "a ${{ github }} b": {
          type: "task",
          command_type: "shell",
          command: hostile,
          env: { A: hostile },
          next: "success",
        },
      },
    },
  });

  test("nothing of the user's is in a workflow where GitHub would evaluate it", () => {
    const { files } = compileForGithub(text);
    const workflow = files.get(".github/workflows/p.yml") ?? "";
    expect(workflow).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$/);
    expect(workflow).not.toMatch(/\$\{\{ (secrets|github \}|y)/);
    expect(workflow).not.toContain("run: ");
  });

  test("commands are in the plan byte for byte, as ASCII", () => {
    const plan = compileForGithub(text).files.get(".github/magnus/p.plan.json") ?? "";
    expect(plan).toMatch(/^[ -~\n]*$/);
    expect(Object.values(JSON.parse(plan).steps)).toMatchObject([{ task: { command: hostile } }]);
  });

  test.each(["null", "true", "1e3", "0x1F", "1:30", "ü", "magnus-verdict", "a b", "-x", "x".repeat(150)])(
    "a step may be named %s",
    (name) => {
      const text = compileForGithub(
        JSON.stringify({ dag: { start_at: name, steps: { [name]: { type: "stub", next: "success" } } } }),
      );
      const written = text.files.get(".github/workflows/p.yml") ?? "";
      const [id = ""] = Object.keys(parse(written).jobs);
      expect(Object.keys(parse(written, { version: "1.1" }).jobs)).toEqual([id, "magnus-verdict"]);
      expect(id).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,98}$/);
      expect(id).not.toBe("magnus-verdict");
    },
  );

  test.each([
    "my pipeline",
    "${{ secrets.X }}",
    "a*[b]{c,d}~e@(f)",
    'a: "b"',
    "Prüfung ☃",
    "☃",
    "a--b",
    "x".repeat(150),
  ])("a pipeline may be named %s", (name) => {
    const { files } = compileForGithub(JSON.stringify({ name, ...JSON.parse(text) }));
    const paths = [...files.keys()];
    for (const path of paths) expect(path).toMatch(/^\.github\/[A-Za-z0-9._/-]{1,150}$/);
    const [main = ""] = paths;
    const file = main.replace(/^.*\/|\.yml$/g, "");
    expect(file).not.toContain("--");
    const written = files.get(main) ?? "";
    expect(written).not.toContain("{ secrets.X }}~");
    expect(written).toContain(`name: ${file}~\${{ inputs.call }}~`);
    expect(JSON.parse(files.get(`.github/magnus/${file}.plan.json`) ?? "").pipeline).toBe(name);
  });

  test("two pipelines do not share files", () => {
    const names = ["a b", "a-b", "a/b".replace("/", ":"), "a--b", "A-b"];
    const mains = names.map(
      (name) => [...compileForGithub(JSON.stringify({ name, ...JSON.parse(text) })).files.keys()][0],
    );
    expect(new Set(mains).size).toBe(names.length);
  });

  test("steps whose names differ in case only have ids of their own", () => {
    const { jobs } = main(`dag:\n  steps:\n${shell("fit")}${shell("FIT")}`);
    expect(new Set(Object.keys(jobs).map((id) => id.toLowerCase())).size).toBe(3);
  });
});

describe("a change of a pipeline is a small change of its files", () => {
  test.each([[".github/workflows/p.yml"], [".github/magnus/p.plan.json"]])(
    "one more step of a hundred changes little elsewhere: %s",
    (file) => {
      const lines = (count: number) => (compileForGithub(chain(count)).files.get(file) ?? "").split("\n");
      const before = new Set(lines(100));
      const after = lines(101);
      const added = after.filter((line) => !before.has(line));
      // The step's own lines, and the `needs` of the verdict or, in the plan, the step before it.
      expect(added.length).toBeLessThanOrEqual(12);
      const gone = [...before].filter((line) => !new Set(after).has(line));
      expect(gone.length).toBeLessThanOrEqual(2);
    },
  );
});

describe("what GitHub would not run is refused, at its place", () => {
  const refused = (text: string, settings: CompileSettings = {}) => {
    const { files, reports } = compileForGithub(text, settings);
    expect(files.size).toBe(0);
    return reports;
  };

  test("a secret whose name GitHub does not take", () => {
    const text = `dag:\n  steps:\n${shell("a", ", secrets: [OK, GITHUB_PAT]")}${shell("b", ", secrets: [github_key]")}`;
    expect(refused(text)).toMatchObject([
      { code: "target-limit", line: 3, message: expect.stringContaining('"GITHUB_PAT"') },
      { code: "target-limit", line: 4, message: expect.stringContaining('"github_key"') },
    ]);
    expect(compileForGithub(text, { options: { secrets: { GITHUB_PAT: "PAT", github_key: "KEY" } } }).reports).toEqual(
      [],
    );
  });

  test("a run log in memory; a service whose variable no job would have", () => {
    expect(refused(one, { services: { run_log_store: { type: "buffered" } } })).toMatchObject([
      { code: "target-option-missing" },
    ]);
    const services = { run_log_store: { type: "file-system", log_folder: "${RUNS}/x" } };
    expect(refused(one, { services })).toMatchObject([
      { code: "target-option-missing", message: expect.stringContaining("RUNS") },
    ]);
    expect(compileForGithub(one, { services, options: { env: { RUNS: "/runs" } } }).reports).toEqual([]);
  });

  const loop = (most: number, inner: string): string =>
    `{type: loop, max_iterations: ${most}, break_on: b, branch: {start_at: in, steps: {in: ${inner}}}, next: success}`;

  test("GitHub Enterprise Server: no artifacts, no time zones, fewer inputs", () => {
    const schedule = [{ cron: "0 5 * * *", timezone: "Europe/Oslo" }];
    const ghes = (options: object, services?: ServicesSpec) =>
      compileForGithub(one, {
        options: { limits: "ghes", ...options },
        ...(services === undefined ? {} : { services }),
      }).reports.map(({ message }) => message);
    expect(ghes({ schedule })).toEqual([
      "cannot compile for github-actions: the server has no artifacts by which run log and catalog could travel",
      "cannot compile for github-actions: the server knows no time zones of schedules",
    ]);
    const shared = {
      run_log_store: { type: "file-system", log_folder: "/shared/runs" },
      catalog: { type: "file-system", catalog_location: "/shared/catalog" },
    };
    expect(ghes({}, shared)).toEqual([]);
    const parameters = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`p${i}`, i]));
    const text = `parameters: ${JSON.stringify(parameters)}\n${one}`;
    const inputs = (limits: string) => {
      const workflow = main(text, { options: { limits }, services: shared });
      return Object.keys(workflow.on?.workflow_dispatch?.inputs ?? {}).length;
    };
    expect([inputs("ghes"), inputs("github.com")]).toEqual([1, 11]);
  });

  test("a loop of more than 100 iterations", () => {
    const text = (most: number) =>
      `dag:\n  start_at: again\n  steps:\n    again: ${loop(most, "{type: stub, next: success}")}\n`;
    expect(refused(text(101))).toMatchObject([{ code: "cannot-run-here", line: 4 }]);
    expect(compileForGithub(text(100)).reports).toEqual([]);
  });

  test("calls of more than 10 levels", () => {
    const text = (levels: number): string => {
      const nested = Array.from({ length: levels }).reduce<string>(
        (inner) => loop(1, inner),
        "{type: stub, next: success}",
      );
      return `dag:\n  start_at: a\n  steps:\n    a: ${nested}\n`;
    };
    expect(compileForGithub(text(9)).reports).toEqual([]);
    expect(refused(text(10))).toMatchObject([{ code: "target-limit", message: expect.stringContaining("11 levels") }]);
  });

  test("more than 50 files", () => {
    const text = (count: number): string => {
      const loops = Array.from({ length: count }, (_, i) => {
        const next = i + 1 < count ? `l${i + 1}` : "success";
        return `    l${i}: ${loop(1, "{type: stub, next: success}").replace(/next: success\}$/, `next: ${next}}`)}\n`;
      });
      return `dag:\n  start_at: l0\n  steps:\n${loops.join("")}`;
    };
    expect(compileForGithub(text(49)).reports).toEqual([]);
    expect(refused(text(50))).toMatchObject([{ code: "target-limit", message: expect.stringContaining("51 files") }]);
  });

  test("a file of more than 512,000 bytes", () => {
    expect(refused(chain(700))).toMatchObject([
      { code: "target-limit", message: expect.stringContaining("KiB of at most 500") },
    ]);
  });

  test("far more steps than fit, however they are connected", () => {
    expect(refused(chain(20_000))).toMatchObject([
      { code: "target-limit", message: expect.stringContaining("20000 steps in a file") },
    ]);
  });

  test("conditions that double at every step", () => {
    const stub = (more: object = {}): object => ({ type: "stub", next: "success", ...more });
    const branch = {
      start_at: "first",
      steps: { first: stub({ next: "second", on_failure: "success" }), second: stub() },
    };
    const names = Array.from({ length: 40 }, (_, i) => `p${i}`);
    const steps = names.map((name, i) => {
      const inner = { type: "parallel", branches: { a: branch, b: branch }, next: "success", on_failure: "success" };
      const outer = { start_at: "in", steps: { in: inner } };
      return [name, { type: "parallel", branches: { x: outer, y: outer }, next: names[i + 1] ?? "success" }];
    });
    expect(refused(JSON.stringify({ dag: { start_at: "p0", steps: Object.fromEntries(steps) } }))).toMatchObject([
      { code: "target-limit", message: expect.stringContaining("KiB of at most 500") },
      { code: "target-limit", message: expect.stringContaining("an expression of more than 21000 characters") },
    ]);
  });

  test("an expression of more than 21,000 characters", () => {
    // The end of a parallel is told by all of its leaves.
    const branches = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `b${i}`,
          {
            start_at: `the-only-leaf-of-the-branch-with-a-long-name-${i}`,
            steps: { [`the-only-leaf-of-the-branch-with-a-long-name-${i}`]: { type: "stub", next: "success" } },
          },
        ]),
      );
    const text = (count: number) =>
      JSON.stringify({
        dag: {
          start_at: "all",
          steps: {
            all: { type: "parallel", branches: branches(count), next: "end" },
            end: { type: "stub", next: "success" },
          },
        },
      });
    expect(compileForGithub(text(150)).reports).toEqual([]);
    expect(refused(text(290))).toMatchObject([
      {
        code: "target-limit",
        message: expect.stringContaining("an expression of more than 21000 characters in p.yml"),
      },
    ]);
  });
});
