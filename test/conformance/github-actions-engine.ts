import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { localHost } from "../../src/simulate/github-actions/local-host.ts";
import { simulateWorkflow } from "../../src/simulate/github-actions/simulate-workflow.ts";
import type { WorkflowEnd } from "../../src/simulate/github-actions/workflow-end.ts";
import { runMagnus } from "../support/programs.ts";
import { type Engine, inputs } from "./engines.ts";

/** The compiled workflow in the simulator, its steps as processes; the run log is what its last job uploads. */
export const githubActions: Engine = {
  name: "github-actions",
  run: async (testCase, work) => {
    const compile = ["compile", "pipeline.yaml", "--target", "github-actions", "-q", ...inputs(testCase, work)];
    const compiled = await runMagnus(compile, { cwd: work, env: testCase.environment });
    if (compiled.code !== 0) return compiled;
    const end = await simulate(work, testCase.environment);
    const code = end.conclusion === "success" ? 0 : 1;
    return { ...compiled, code, stderr: told(end) };
  },
};

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
