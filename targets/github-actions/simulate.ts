import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { exitCode } from "../../src/protocol/exit-codes.ts";
import { localHost } from "../../src/simulate/github-actions/host/local-host.ts";
import { type SimulationOptions, simulateWorkflow } from "../../src/simulate/github-actions/run/simulate-workflow.ts";
import type { Problem, SimulationEvent, WorkflowEnd } from "../../src/simulate/github-actions/workflow/workflow-end.ts";
import { measuredTime } from "../../src/system/duration.ts";
import { present } from "../../src/system/present.ts";
import { visible } from "../../src/system/visible.ts";
import { readPairs } from "../../src/target/read-pairs.ts";
import type { Simulate, SimulationHost } from "../../src/target/simulator.ts";

/** Where artifacts of a simulated run are: those of the one before are replaced. */
const artifactFolder = ".magnus/artifacts";

/** Runs a workflow file of this repository here, as GitHub would; steps are processes of this machine. */
export const simulate: Simulate = async ({ name }, { parameters, secrets: given, flags, jobs, json }, host) => {
  const project = projectOf(name);
  const { fail = [], event: [event] = [] } = flags;
  const problems: string[] = [];
  const inputs = readPairs("--input", parameters, "NAME=VALUE", problems);
  const secrets = readPairs("--secret", given, "NAME=VALUE", problems);
  for (const key of secrets.keys())
    if (key.includes("/")) problems.push(`--secret ${key}: a secret of GitHub is a NAME alone, without /KEY`);
  for (const problem of problems) host.say(`magnus: ${visible(problem)}`);
  if (problems.length > 0) return exitCode.badInput;
  const stop = host.stop();
  const artifacts = path.join(project, artifactFolder);
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts, { recursive: true });
  const machine = localHost({ project, artifacts, onEvent: progress(host) });
  const end = await simulateWorkflow(reader(project), path.relative(project, path.resolve(name)), machine, {
    inputs: Object.fromEntries(inputs),
    secrets: Object.fromEntries(secrets),
    fail,
    signal: stop,
    ...present({ event, jobs }),
  } satisfies SimulationOptions);
  if (json) host.print(`${JSON.stringify(end)}\n`);
  printEnd(end, path.relative(process.cwd(), artifacts), host);
  if (stop.aborted) return stop.reason === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
  if (end.problems.length > 0) return exitCode.badInput;
  return end.conclusion === "success" ? exitCode.success : exitCode.failed;
};

/** The repository of a workflow: what its folder `.github/workflows` is in. */
function projectOf(name: string): string {
  const folder = path.dirname(path.resolve(name));
  return folder.endsWith(path.join(".github", "workflows")) ? path.resolve(folder, "../..") : process.cwd();
}

function reader(project: string): (file: string) => string | undefined {
  return (file) => {
    try {
      return readFileSync(path.join(project, file), "utf8");
    } catch {
      return undefined;
    }
  };
}

/** A line for each job that starts or ends, and for each annotation; of a step that failed what it printed last. */
function progress({ say, paint }: SimulationHost): (event: SimulationEvent) => void {
  const started = new Map<string, number>();
  const printed = new Map<string, string[]>();
  return (event) => {
    switch (event.kind) {
      case "job-started":
        started.set(event.job, Date.now());
        return say(`${visible(event.name)}  ${paint("running", "started")}`);
      case "job-ended":
        if (event.conclusion !== "skipped") say(endOfJob(event, started.get(event.job), paint));
        return undefined;
      case "line": {
        const lines = printed.get(event.job) ?? [];
        lines.push(event.text);
        printed.set(event.job, lines.slice(-20));
        return undefined;
      }
      case "annotation":
        return say(`  ${event.annotation.level}: ${visible(event.annotation.message)}`);
      case "step-ended":
        if (event.outcome === "failure") for (const line of printed.get(event.job) ?? []) say(`  | ${visible(line)}`);
        printed.delete(event.job);
        return undefined;
      case "step-started":
      case "warning":
        return undefined;
    }
  };
}

function endOfJob(
  { name, conclusion, result }: Extract<SimulationEvent, { readonly kind: "job-ended" }>,
  startedAt: number | undefined,
  paint: SimulationHost["paint"],
): string {
  const shown = paint(conclusion === "success" ? "success" : "failed", conclusion);
  const took = startedAt === undefined ? "" : `  ${measuredTime(Date.now() - startedAt)}`;
  return `${visible(name)}  ${shown}${took}${conclusion === result ? "" : "  (goes on)"}`;
}

function printEnd(end: WorkflowEnd, folder: string, { say, paint, shownName }: SimulationHost): void {
  const { conclusion, jobsStarted, problems, warnings, artifacts } = end;
  for (const problem of problems) say(`magnus: ${visible(placeOf(problem, shownName))}${visible(problem.message)}`);
  for (const warning of warnings) say(`note: ${visible(warning)}`);
  const count = `${jobsStarted} ${jobsStarted === 1 ? "job" : "jobs"}`;
  const kept = artifacts.length === 0 ? "" : `  ${artifacts.length} artifacts in ${folder}`;
  say(`workflow  ${paint(conclusion === "success" ? "success" : "failed", conclusion)}  ${count}${kept}`);
}

function placeOf({ file, line, column }: Problem, shownName: (file: string) => string): string {
  if (file === undefined) return "";
  return `${shownName(file)}${line === undefined ? "" : `:${line}:${column ?? 1}`}: `;
}
