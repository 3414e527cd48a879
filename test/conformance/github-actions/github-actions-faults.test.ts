/**
 * Workflows in the simulator when something goes wrong on the platform: jobs that lose their runner, runs that are
 * cancelled, failures and what is told of them. Re-running the failed jobs of a run is not simulated.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { StepView } from "../../../src/run-log/views/view.ts";
import { runMagnus } from "../../support/programs.ts";
import { workspace } from "../../support/workspace.ts";
import { conclusions, type Simulated, simulatePipeline } from "./simulated-workflow.ts";

const shell = (command: string, more: object = {}): object => ({
  type: "task",
  command_type: "shell",
  command,
  next: "success",
  ...more,
});
const graph = (steps: { readonly [name: string]: object }): object => ({ start_at: Object.keys(steps)[0], steps });
const dag = (steps: { readonly [name: string]: object }): object => ({ dag: graph(steps) });
const ok = (next = "success"): object => shell("true", { next });

/** Steps as `name: status`, those inside of others after them, with their names alone. */
function statuses({ log }: Simulated): readonly string[] {
  const all = (steps: readonly StepView[]): readonly string[] =>
    steps.flatMap((step) => [
      `${step.path.at(-1)?.node}: ${step.status}`,
      ...step.graphs.flatMap((inner) => all(inner.steps)),
    ]);
  return all(log.steps);
}

describe("a job that loses its runner", () => {
  const map = (more: object, inner: { readonly [name: string]: object } = { in: ok() }): object => ({
    type: "map",
    iterate_on: "xs",
    iterate_as: "x",
    branch: graph(inner),
    next: "success",
    ...more,
  });
  const xs = { parameters: { xs: ["a", "b"] } };

  test("ends the run in failure", async () => {
    const run = await simulatePipeline(dag({ a: ok("b"), b: ok("c"), c: ok() }), { fail: ["b"] });
    expect(conclusions(run)).toEqual({ a: "success", b: "failure", "magnus-verdict": "failure" });
    expect([run.end.conclusion, run.log.status, ...statuses(run)]).toEqual([
      "failure",
      "failed",
      "a: success",
      "b: lost",
    ]);
    expect(run.annotations.at(-1)?.message).toContain("b");
  });

  test("the only one: the verdict still writes a log, which says so", async () => {
    const run = await simulatePipeline(dag({ a: ok() }), { fail: ["a"] });
    expect([run.end.conclusion, run.log.status, ...statuses(run)]).toEqual(["failure", "failed"]);
    expect(run.annotations.find(({ job }) => job === "magnus-verdict")?.message).toContain("nothing ran");
  });

  test("is a failure that can be handled", async () => {
    const steps = { a: ok("b"), b: shell("true", { next: "success", on_failure: "c" }), c: ok() };
    const run = await simulatePipeline(dag(steps), { fail: ["b"] });
    expect([run.end.conclusion, run.log.status, ...statuses(run)]).toEqual([
      "success",
      "success",
      "a: success",
      "b: lost",
      "c: success",
    ]);
  });

  test("be it the first one, whose handler then opens the run with its parameters", async () => {
    const steps = { a: shell("true", { on_failure: "b" }), b: shell("copy=$word", { returns: ["copy"] }) };
    const run = await simulatePipeline(
      { ...dag(steps), parameters: { word: "usual" } },
      { fail: ["a"], inputs: { word: "given" } },
    );
    expect([run.end.conclusion, run.log.status, ...statuses(run)]).toEqual([
      "success",
      "success",
      "a: lost",
      "b: success",
    ]);
    expect(run.log.parameters).toEqual({ word: "given", copy: "given" });
  });

  test("in a branch of a parallel that is handled", async () => {
    const branches = { left: graph({ l: ok() }), right: graph({ r: ok("s"), s: ok() }) };
    const both = { type: "parallel", branches, next: "success", on_failure: "c" };
    const run = await simulatePipeline(dag({ a: ok("both"), both, c: ok() }), { fail: ["both-right-r"] });
    expect([run.end.conclusion, ...statuses(run)]).toEqual([
      "success",
      "a: success",
      "both: failed",
      "l: success",
      "r: lost",
      "c: success",
    ]);
  });

  test("an item of a matrix: the others run to their end, the run fails", async () => {
    const run = await simulatePipeline({ ...xs, ...dag({ a: ok("m"), m: map({}) }) }, { fail: ["m-in[1]"] });
    expect([run.end.conclusion, ...statuses(run)]).toEqual([
      "failure",
      "a: success",
      "m: failed",
      "in: success",
      "in: lost",
    ]);
  });

  test("an item of a map that is handled", async () => {
    const m = map({ on_failure: "c" });
    const run = await simulatePipeline({ ...xs, ...dag({ a: ok("m"), m, c: ok() }) }, { fail: ["m[0]/m-in"] });
    expect([run.end.conclusion, ...statuses(run)]).toEqual([
      "success",
      "a: success",
      "m: failed",
      "in: lost",
      "in: success",
      "c: success",
    ]);
  });

  test("the gather of a map that is handled", async () => {
    const m = map({ on_failure: "c" });
    const run = await simulatePipeline({ ...xs, ...dag({ m, c: ok() }) }, { fail: ["m-gather"] });
    expect([run.end.conclusion, run.log.status, ...statuses(run)]).toEqual([
      "success",
      "success",
      "m: failed",
      "c: success",
    ]);
  });

  test("an iteration of a loop that is handled: no further one", async () => {
    const l = {
      type: "loop",
      max_iterations: 3,
      break_on: "stop",
      branch: graph({ in: ok() }),
      next: "success",
      on_failure: "c",
    };
    const run = await simulatePipeline(dag({ a: ok("l"), l, c: ok() }), { fail: ["l-2/l-in"] });
    expect([run.end.conclusion, ...statuses(run)]).toEqual([
      "success",
      "a: success",
      "l: failed",
      "in: success",
      "in: lost",
      "c: success",
    ]);
  });
});

describe("a run that is cancelled", () => {
  test("in the middle of a step: later ones do not start, the log is closed, the verdict does not fail", async () => {
    const cancel = new AbortController();
    const steps = {
      a: ok("slow"),
      slow: shell("echo begun; sleep 60", { next: "c", on_failure: "handle" }),
      c: ok(),
      handle: ok(),
    };
    const run = await simulatePipeline(dag(steps), {
      signal: cancel.signal,
      onEvent: (event) => {
        if (event.kind === "line" && event.text.endsWith("begun")) cancel.abort();
      },
    });
    expect([run.end.conclusion, run.log.status]).toEqual(["cancelled", "cancelled"]);
    expect(conclusions(run)).toEqual({ a: "success", slow: "cancelled", "magnus-verdict": "success" });
    expect(statuses(run)).toEqual(["a: success", "slow: cancelled"]);
    expect(run.summary).toContain("cancelled");
    expect(run.annotations.filter(({ job }) => job === "magnus-verdict")).toEqual([]);
  });

  test("while items of a map run", async () => {
    const cancel = new AbortController();
    const branch = graph({ in: shell("echo begun; sleep 60") });
    const m = { type: "map", iterate_on: "xs", iterate_as: "x", branch, next: "c", on_failure: "c" };
    const run = await simulatePipeline(
      { parameters: { xs: [1, 2, 3] }, ...dag({ a: ok("m"), m, c: ok() }) },
      {
        jobs: 2,
        signal: cancel.signal,
        onEvent: (event) => {
          if (event.kind === "line" && event.text.endsWith("begun")) cancel.abort();
        },
      },
    );
    expect([run.end.conclusion, run.log.status]).toEqual(["cancelled", "cancelled"]);
    expect(conclusions(run)["magnus-verdict"]).toBe("success");
    expect(statuses(run)).not.toContain("c: success");
  });
});

describe("what is told of a run", () => {
  const failing = dag({
    a: ok("try"),
    try: shell("echo from the step; echo the cause >&2; exit 3", { next: "c", on_failure: "c" }),
    c: shell("echo this too; exit 4"),
  });

  test("failures are annotations on their steps, with the end of what they printed; the verdict says which one it was", async () => {
    const { annotations, end } = await simulatePipeline(failing);
    expect(end.conclusion).toBe("failure");
    const of = (job: string) => annotations.find((each) => each.job === job && each.title !== undefined);
    expect(of("try")).toMatchObject({ level: "error", title: "try", step: "try" });
    expect(of("try")?.message).toMatch(/exit.*3[\s\S]*from the step\nthe cause$/);
    expect(of("c")?.message).toContain("this too");
    expect(of("magnus-verdict")?.message).toMatch(/^failed at c: /);
  });

  test("the summary has every step and a graph; text in it is no markup", async () => {
    const name = "<b>|`x` [y](z) 🫩";
    const { summary } = await simulatePipeline(
      dag({ a: ok(name), [name]: shell("exit 3", { on_failure: "success" }) }),
    );
    expect(summary).toMatch(/^## p: success$/m);
    expect(summary).toMatch(/^\| a \| success \| 1 \| /m);
    expect(summary).toMatch(/^\| [^|<`[]*🫩 \| failed[^|]* \| 1 \|/m);
    expect(summary).toMatch(/```mermaid\nflowchart TD\n[\s\S]*:::success[\s\S]*:::failed[\s\S]*```/);
  });

  test("the artifact with the run log is what magnus runs show takes", async () => {
    const { runs, end } = await simulatePipeline(failing);
    const [id = ""] = readdirSync(runs);
    const shown = await runMagnus(["runs", "show", `${runs}/${id}`], { cwd: workspace() });
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toMatch(/failed[\s\S]*a +success[\s\S]*try +failed[\s\S]*c +failed/);
    expect(shown.stdout).toMatch(/^ {2}GitHub Actions: https:\/\/[^ ]+\/actions\/runs\/1$/m);
    expect(end.artifacts.filter((name) => name.startsWith("run-log~"))).toEqual(["run-log~p~~1"]);
  });

  test("a list that is too long for a matrix says what to configure", async () => {
    const m = {
      type: "map",
      iterate_on: "xs",
      iterate_as: "x",
      branch: graph({ in: ok() }),
      next: "success",
    };
    const make = shell(`xs="[$(seq -s, 257)]"`, { returns: ["xs"], next: "m" });
    const { annotations, end } = await simulatePipeline(dag({ make, m }));
    expect(end.conclusion).toBe("failure");
    expect(annotations.find(({ job }) => job === "make")?.message).toContain("targets.github-actions.many_items");
  });
});
