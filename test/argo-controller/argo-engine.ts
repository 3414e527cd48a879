import path from "node:path";
import type { Event } from "../../src/protocol/event.ts";
import type { Json } from "../../src/protocol/json.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { normalise } from "../../src/run-log/views/normalise.ts";
import type { Pod, PodEnd, PodHost } from "../../src/simulate/argo/pods/pod.ts";
import { runPod } from "../../src/simulate/argo/pods/run-pod.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { compileCaseForArgo } from "../conformance/argo/argo-simulator.ts";
import type { Case } from "../conformance/cases.ts";
import { shim } from "../support/programs.ts";
import type { Controller, ControllerRun, RunOptions } from "./controller.ts";
import { workflowIn } from "./manifest.ts";
import type { KubernetesObject } from "./object-store.ts";

export interface ArgoRun extends ControllerRun {
  readonly log: Json;
  readonly events: readonly Event[];
}

/** Compiles a case; a text says why it was refused. */
export async function compileForArgo(
  testCase: Case,
  work: string,
  options: object = {},
): Promise<KubernetesObject | string> {
  const { code, stdout, stderr } = await compileCaseForArgo(testCase, work, options);
  return code === 0 ? workflowIn(stdout) : stderr;
}

export interface RunInArgo {
  readonly name: string;
  readonly work: string;
  /** Nodes whose pod the cluster evicts: before it has started anything, or when its command has ended. */
  readonly evict?: { readonly [node: string]: "before" | "after" };
  /** How a pod ends instead; `run` is what it would have done. */
  readonly host?: (pod: Pod, run: (pod: Pod) => Promise<PodEnd>) => Promise<PodEnd>;
  readonly secrets?: { readonly [key: string]: string };
  readonly shutdown?: RunOptions["shutdown"];
}

/** Runs a compiled workflow in the controller, its pods as processes in `work`. */
export async function runInArgo(
  controller: Controller,
  workflow: KubernetesObject,
  { name, work, evict = {}, secrets = {}, shutdown, host: given = (pod, run) => run(pod) }: RunInArgo,
): Promise<ArgoRun> {
  const surroundings = {
    claim: () => path.join(work, ".magnus"),
    secret: (_: string, key: string) => secrets[key],
    shim,
    project: work,
    // PODS=show prints what pods print.
    ...(process.env.PODS === "show" ? { output: () => process.stderr } : {}),
  };
  const host: PodHost = async (pod) => {
    const when = evict[pod.node];
    const end: PodEnd =
      when === "before" ? { exit: 1, outputs: {} } : await given(pod, (each) => runPod(each, surroundings));
    return when === undefined ? end : { ...end, evicted: true };
  };
  const run = await controller.runInController(workflow, {
    name,
    host,
    ...(shutdown === undefined ? {} : { shutdown }),
  });
  const events = await readEvents(fileSystemRunLogStore(path.join(work, ".magnus/runs")).open(name));
  return { ...run, events, log: normalise(foldRun(events)) };
}
