import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { exitCode } from "../../protocol/exit-codes.ts";
import { localHost } from "../../simulate/github-actions/host/local-host.ts";
import {
  type SimulatedEvent,
  type SimulationOptions,
  simulateWorkflow,
} from "../../simulate/github-actions/run/simulate-workflow.ts";
import type { Problem, SimulationEvent, WorkflowEnd } from "../../simulate/github-actions/workflow/workflow-end.ts";
import { measuredTime } from "../../system/duration.ts";
import { stopSignals } from "../../system/stop-signals.ts";
import { visible } from "../../system/visible.ts";
import { readPairs } from "../input/read-pairs.ts";
import { shownName } from "../input/source-files.ts";
import { painter } from "../output/terminal.ts";

export interface SimulateGithubOptions {
  readonly input?: readonly string[];
  readonly param?: readonly string[];
  readonly secret?: readonly string[];
  readonly fail?: readonly string[];
  readonly event?: SimulatedEvent;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** Where artifacts of a simulated run are: those of the one before are replaced. */
const artifactFolder = ".magnus/artifacts";

/** Runs a workflow file of this repository here, as GitHub would; steps are processes of this machine. */
export async function simulateGithubActions(name: string, options: SimulateGithubOptions): Promise<number> {
  const project = projectOf(name);
  const { input = [], param = [], secret = [], fail = [], event, jobs } = options;
  const problems: string[] = [];
  const inputs = readPairs("--input", [...input, ...param], "NAME=VALUE", problems);
  const secrets = readPairs("--secret", secret, "NAME=VALUE", problems);
  for (const problem of problems) process.stderr.write(`magnus: ${visible(problem)}\n`);
  if (problems.length > 0) return exitCode.badInput;
  const { stop } = stopSignals();
  const artifacts = path.join(project, artifactFolder);
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts, { recursive: true });
  const host = localHost({ project, artifacts, onEvent: progress() });
  const end = await simulateWorkflow(reader(project), path.relative(project, path.resolve(name)), host, {
    inputs: Object.fromEntries(inputs),
    secrets: Object.fromEntries(secrets),
    fail,
    signal: stop,
    ...(event === undefined ? {} : { event }),
    ...(jobs === undefined ? {} : { jobs }),
  } satisfies SimulationOptions);
  if (options.json) process.stdout.write(`${JSON.stringify(end)}\n`);
  printEnd(end, path.relative(process.cwd(), artifacts));
  if (stop.aborted) return stop.reason === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
  if (end.problems.length > 0) return exitCode.badInput;
  return end.conclusion === "success" ? exitCode.success : exitCode.failed;
}

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
function progress(): (event: SimulationEvent) => void {
  const paint = painter(process.stderr);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const started = new Map<string, number>();
  const printed = new Map<string, string[]>();
  return (event) => {
    switch (event.kind) {
      case "job-started":
        started.set(event.job, Date.now());
        return say(`${visible(event.name)}  ${paint("running", "started")}`);
      case "job-ended": {
        const { job, name, conclusion, result } = event;
        const took = started.has(job) ? `  ${measuredTime(Date.now() - (started.get(job) ?? 0))}` : "";
        const handled = conclusion === result ? "" : "  (goes on)";
        if (conclusion === "skipped") return undefined;
        return say(
          `${visible(name)}  ${paint(conclusion === "success" ? "success" : "failed", conclusion)}${took}${handled}`,
        );
      }
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

function printEnd({ conclusion, jobsStarted, problems, warnings, artifacts }: WorkflowEnd, folder: string): void {
  const paint = painter(process.stderr);
  for (const problem of problems)
    process.stderr.write(`magnus: ${visible(placeOf(problem))}${visible(problem.message)}\n`);
  for (const warning of warnings) process.stderr.write(`note: ${visible(warning)}\n`);
  const count = `${jobsStarted} ${jobsStarted === 1 ? "job" : "jobs"}`;
  const kept = artifacts.length === 0 ? "" : `  ${artifacts.length} artifacts in ${folder}`;
  process.stderr.write(
    `workflow  ${paint(conclusion === "success" ? "success" : "failed", conclusion)}  ${count}${kept}\n`,
  );
}

function placeOf({ file, line, column }: Problem): string {
  if (file === undefined) return "";
  return `${shownName(file)}${line === undefined ? "" : `:${line}:${column ?? 1}`}: `;
}
