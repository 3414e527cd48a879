import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { Event } from "../../../src/protocol/event.ts";
import { isObject, type Json } from "../../../src/protocol/json.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { normalise } from "../../../src/run-log/views/normalise.ts";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { runPod } from "../../../src/simulate/argo/pods/run-pod.ts";
import { simulateWorkflow, type WorkflowEnd } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { limit } from "../../../src/system/limit.ts";
import { type Ended, runMagnus, shim } from "../../support/programs.ts";
import { compile } from "../../targets/argo/compile-argo.ts";
import type { Case } from "../cases.ts";

const usual = { image: "project", shim_image: "shim", storage: { claim: "runs" }, secret: "vault" };

/** Compiles a case with the program; the claim is to be the folder `.magnus` of the run's project. */
export function compileCaseForArgo(testCase: Case, work: string, more: object = {}): Promise<Ended> {
  const options = { ...usual, ...more };
  writeFileSync(path.join(work, "magnus-config.yaml"), JSON.stringify({ targets: { argo: options } }));
  if (testCase.file !== undefined) writeFileSync(path.join(work, "parameters.json"), testCase.file);
  const file = testCase.file === undefined ? [] : ["-p", "parameters.json"];
  const params = testCase.params.flatMap((param) => ["--param", param]);
  const args = ["compile", "pipeline.yaml", "--target", "argo", "-o", "-", "-q", ...file, ...params];
  return runMagnus(args, { cwd: work, env: testCase.environment });
}

/** Compiles in this process, which is quicker for many; codes say why there is no manifest. */
export function compileTextForArgo(text: string): { readonly manifest: string; readonly codes: readonly string[] } {
  const { text: manifest, codes } = compile(text, usual);
  return { manifest, codes };
}

export interface SimulatedRun {
  readonly end: WorkflowEnd;
  readonly log: Json;
  readonly events: readonly Event[];
}

/** Pods at a time, over all tests of a file. */
const pods = limit(availableParallelism() + 1);

export interface Given {
  /** As `argo submit -p`. */
  readonly parameters?: { readonly [name: string]: string };
  /** Keys of the Secret. */
  readonly secrets?: { readonly [key: string]: string };
  /** As `argo stop`. */
  readonly stop?: AbortSignal;
  /** What pods print. */
  readonly output?: (text: string) => void;
  /** Pods at a time in this run; without it no more than the machine takes over all runs. */
  readonly atATime?: number;
  /** How a pod ends instead; `run` is what it would have done. */
  readonly host?: (pod: Pod, run: (pod: Pod) => Promise<PodEnd>) => Promise<PodEnd>;
}

/** Runs a manifest in the simulator, its pods as processes with the real shim. */
export async function runSimulated(
  manifest: string,
  work: string,
  name: string,
  { parameters = {}, secrets = {}, stop, output, atATime, host = (pod, run) => run(pod) }: Given = {},
): Promise<SimulatedRun> {
  const { workflow, findings } = checkManifest(manifest);
  if (workflow === undefined) throw new Error(JSON.stringify(findings));
  const claims = path.join(work, ".magnus");
  const surroundings = {
    claim: () => claims,
    secret: (_: string, key: string) => secrets[key],
    shim,
    project: work,
    ...(output === undefined ? {} : { output: () => ({ write: output }) }),
  };
  const own = atATime === undefined ? pods : limit(atATime);
  const startPod = (pod: Pod): Promise<PodEnd> => own.run(() => host(pod, (each) => runPod(each, surroundings)));
  const end = await simulateWorkflow(workflow, { startPod }, { name, parameters, ...(stop && { signal: stop }) });
  const events = await readEvents(fileSystemRunLogStore(path.join(claims, "runs")).open(name));
  return { end, events, log: normalise(foldRun(events)) };
}

/**
 * How many pods a run needs: one for each attempt of a leaf step and of a gather, and one for the verdict, which closes a
 * run that failed (and one in which a failure edge leads to the end, where only the verdict can see that a step was lost).
 */
export function podsOfRun({ events, log }: Pick<SimulatedRun, "events" | "log">): number {
  const failed = isObject(log) && log.status !== "success";
  const attempts = events.flatMap((event) =>
    event.kind === "step.started" || event.kind === "step.finished"
      ? [JSON.stringify([event.path, event.gather, event.attempt, event.round])]
      : [],
  );
  const closed = events.some(({ kind }) => kind === "run.finished");
  return new Set(attempts).size + (failed || closed ? 1 : 0);
}
