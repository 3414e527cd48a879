/** The ways in which a pod fails on a cluster, for a project whose second step has one that does. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Json } from "../../../src/protocol/json.ts";
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { summaryOf } from "../random-case.ts";

export interface PodFailure {
  readonly name: string;
  /** The shim had recorded that the step succeeded: the log may have its successor as what was lost. */
  readonly recorded?: true;
  /** What becomes of the pod instead of `run`. */
  readonly end: (pod: Pod, run: (pod: Pod) => Promise<PodEnd>) => Promise<PodEnd>;
}

export const podFailures: readonly PodFailure[] = [
  { name: "exit code", end: (pod, run) => run(withCommand(pod, "exit 3")) },
  { name: "signal", end: (pod, run) => run(withCommand(pod, "kill -9 $$")) },
  { name: "out of memory before the shim began", end: async () => ({ exit: 137, outputs: {} }) },
  { name: "out of memory in the middle", end: killedInTheMiddle },
  { name: "init container", end: async () => ({ exit: 1, initExit: 1, initContainer: "magnus-shim", outputs: {} }) },
  { name: "command that does not exist", end: async () => ({ exit: 128, outputs: {}, message: "no such file" }) },
  { name: "eviction before it began", end: async () => ({ exit: 1, outputs: {}, evicted: true }) },
  { name: "eviction in the middle", end: async (...of) => ({ ...(await killedInTheMiddle(...of)), evicted: true }) },
  {
    name: "eviction after it ended",
    recorded: true,
    end: async (pod, run) => ({ ...(await run(pod)), evicted: true }),
  },
  {
    name: "image that cannot be pulled",
    end: async () => ({ exit: 1, outputs: {}, waiting: "Back-off pulling image" }),
  },
  {
    name: "deadline",
    end: async (...of) => ({ ...(await killedInTheMiddle(...of)), deadlineExceeded: true }),
  },
  { name: "lost node", end: async (...of) => ({ ...(await killedInTheMiddle(...of)), deleted: true }) },
  { name: "executor that failed", recorded: true, end: async (pod, run) => ({ ...(await run(pod)), waitExit: 64 }) },
  { name: "executor that died", end: async () => ({ exit: 137, outputs: {}, waitExit: 137, report: false }) },
];

/** What the tasks of the project do when a pod fails; each has `second`, which fails unless it is let run. */
export const failureProjects: { readonly [name: string]: string } = {
  handled: `
    {name: second, type: task, command_type: shell, command: "exit 3", next: last, on_failure: handler},
    {name: handler, type: task, command_type: shell, command: "export MAGNUS_PRM_handled=yes", next: last},
    {name: last, type: stub}`,
  unhandled: `
    {name: second, type: task, command_type: shell, command: "exit 3"},
    {name: last, type: stub}`,
  "in a branch": `
    {name: both, type: parallel, next: success, on_failure: handler, branches: {
      a: {steps: [{name: second, type: task, command_type: shell, command: "exit 3"}, {name: never, type: stub}]},
      b: {steps: [{name: other, type: task, command_type: shell, command: "export MAGNUS_PRM_other=1"}]}}},
    {name: handler, type: stub}`,
};

export function writeFailureProject(work: string, steps: string): void {
  const first = `{name: first, type: task, command_type: shell, command: "export MAGNUS_PRM_a=1"}`;
  writeFileSync(path.join(work, "pipeline.yaml"), `dag: {steps: [${first},${steps}]}\n`);
}

/** A deadline of every pod: without one, Kubernetes pulls an image for ever. */
export const failureOptions = { max_step_duration_in_seconds: 3600 };

/** Fails the pods of `second` so; its task succeeds unless the failure says otherwise. */
export function failSecond(failure: PodFailure): PodFailure["end"] {
  return (pod, run) => (pod.node.endsWith(".second") ? failure.end(withCommand(pod, "true"), run) : run(pod));
}

/** What has to be the same as where the task itself fails. */
export function outcomeOf(log: Json, { recorded }: PodFailure): object {
  const { status, parameters, steps } = summaryOf(log);
  const shown = steps.map(({ place, kind, status, delta }) => ({ place, kind, status, delta }));
  // A lost step is a failed one that could not say so itself.
  if (!recorded)
    return {
      status,
      parameters,
      steps: shown.map((step) => (step.status === "lost" ? { ...step, status: "failed" } : step)),
    };
  const others = shown.filter(({ place, status }) => place.at(-1) !== "second" && status !== "lost");
  return { status, parameters, steps: others };
}

/** The pod with another command in its step spec. */
function withCommand(pod: Pod, command: string): Pod {
  const args = (pod.main.args ?? []).map((arg) => arg.replace(/"command":"(?:[^"\\]|\\.)*"/, `"command":"${command}"`));
  return { ...pod, main: { ...pod.main, args } };
}

/** The shim has recorded that the step began, and no more. */
function killedInTheMiddle(pod: Pod, run: (pod: Pod) => Promise<PodEnd>): Promise<PodEnd> {
  return run(withCommand(pod, "kill -9 $PPID; sleep 10"));
}
