import type {
  JobHost,
  SimulationHost,
  StepCall,
  StepReturn,
} from "../../../src/simulate/github-actions/host/simulation-host.ts";
import {
  type SimulationOptions,
  simulateWorkflow,
} from "../../../src/simulate/github-actions/run/simulate-workflow.ts";
import type {
  JobEnd,
  SimulationEvent,
  WorkflowEnd,
} from "../../../src/simulate/github-actions/workflow/workflow-end.ts";

export interface Script {
  /** What a process returns; default: success without files. */
  readonly execute?: (call: StepCall) => StepReturn | Promise<StepReturn>;
  /** Told of each artifact that is downloaded. */
  readonly fetch?: (job: string, name: string) => void;
  readonly onEvent?: (event: SimulationEvent) => void;
  /** Of `upload-artifact`; default: one file. */
  readonly found?: readonly string[];
}

/** Runs a workflow whose processes are written down: nothing is started, and no file is read or written. */
export function simulateScripted(
  workflow: string | { readonly [path: string]: string },
  script: Script = {},
  options: SimulationOptions = {},
): Promise<WorkflowEnd> {
  const files = typeof workflow === "string" ? { [path]: workflow } : workflow;
  return simulateWorkflow((name) => files[name], path, scriptedHost(files, script), options);
}

export const path = ".github/workflows/w.yml";

/** `path:result` of each job. */
export function results(end: WorkflowEnd): readonly string[] {
  return end.jobs.map((job) => `${job.path}:${job.result}`);
}

export function jobAt(end: WorkflowEnd, at: string): JobEnd {
  const job = end.jobs.find((one) => one.path === at);
  if (job === undefined) throw new Error(`no job ${at} among ${results(end).join(" ")}`);
  return job;
}

function scriptedHost(files: { readonly [path: string]: string }, script: Script): SimulationHost {
  const job = (at: string): JobHost => ({
    workspace: "/runner/project",
    temp: "/runner/temp",
    eventPath: "/runner/temp/event.json",
    toolCache: "/runner/tools",
    checkout: async () => {},
    readFile: (name) => files[name],
    hashFiles: (patterns) => `hash of ${patterns.join(" ")}`,
    execute: async (call) => script.execute?.(call) ?? { exitCode: 0 },
    findFiles: async () => ({ root: "/runner/project", files: script.found ?? ["file.txt"] }),
    storeArtifact: async () => {},
    fetchArtifact: async (name) => script.fetch?.(at, name),
    deleteArtifact: async () => {},
    close: async () => {},
  });
  return { openJob: async (request) => job(request.path), ...(script.onEvent && { onEvent: script.onEvent }) };
}
