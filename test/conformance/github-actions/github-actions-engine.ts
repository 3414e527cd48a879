import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Json } from "../../../src/protocol/json.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { normalise } from "../../../src/run-log/views/normalise.ts";
import { localHost } from "../../../src/simulate/github-actions/host/local-host.ts";
import { simulateWorkflow } from "../../../src/simulate/github-actions/run/simulate-workflow.ts";
import type { WorkflowEnd } from "../../../src/simulate/github-actions/workflow/workflow-end.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { runMagnus } from "../../support/programs.ts";
import type { Case } from "../cases.ts";
import { inputs } from "../engines.ts";

/** A run in the simulator. */
export interface GithubRun {
  readonly end: WorkflowEnd;
  readonly log: Json;
  /** Leaf steps and gathers that ran. */
  readonly steps: number;
  /** For messages of tests. */
  readonly told: string;
}

/** Compiles a case and runs it in the simulator, its steps as processes; a text says why it was refused. */
export async function runInGithub(
  testCase: Case,
  work: string,
  options: Parameters<typeof simulate>[2] = {},
): Promise<GithubRun | string> {
  const compile = ["compile", "pipeline.yaml", "--target", "github-actions", "-q", ...inputs(testCase, work)];
  const { code, stderr } = await runMagnus(compile, { cwd: work, env: testCase.environment });
  if (code !== 0) return stderr;
  const end = await simulate(work, testCase.environment, options);
  const [run] = existsSync(path.join(work, ".magnus/runs")) ? readdirSync(path.join(work, ".magnus/runs")) : [];
  if (run === undefined) throw new Error(told(end));
  const events = await readEvents(fileSystemRunLogStore(path.join(work, ".magnus/runs")).open(run));
  const steps = events.flatMap((event) =>
    event.kind === "step.started" || event.kind === "step.finished" ? [JSON.stringify([event.path, event.gather])] : [],
  );
  return { end, log: normalise(foldRun(events)), steps: new Set(steps).size, told: told(end) };
}

/** Simulates the workflow of a folder; puts its run log where local runs have theirs. */
export async function simulate(
  work: string,
  env: { readonly [name: string]: string } = {},
  options: Parameters<typeof simulateWorkflow>[3] = {},
): Promise<WorkflowEnd> {
  const artifacts = mkdtempSync(path.join(tmpdir(), "magnus-artifacts-"));
  const read = (file: string): string | undefined => {
    const place = path.join(work, file);
    return existsSync(place) ? readFileSync(place, "utf8") : undefined;
  };
  const [main = ""] = readdirSync(path.join(work, ".github/workflows"))
    .filter((name) => !name.includes("--"))
    .map((name) => `.github/workflows/${name}`);
  const host = localHost({ project: work, artifacts, env });
  const end = await simulateWorkflow(read, main, host, { event: "workflow_call", jobs: 4, ...options });
  for (const name of readdirSync(artifacts).filter((each) => each.startsWith("run-log~"))) {
    cpSync(path.join(artifacts, name), path.join(work, ".magnus/runs"), { recursive: true });
  }
  rmSync(artifacts, { recursive: true, force: true });
  return end;
}

function told({ conclusion, problems, jobs, warnings }: WorkflowEnd): string {
  const failed = jobs.flatMap(({ path: job, annotations, conclusion: result }) =>
    annotations.map(({ message }) => `${job} ${result}: ${message}`),
  );
  return [conclusion, ...problems.map((problem) => JSON.stringify(problem)), ...failed, ...warnings].join("\n");
}
