import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { PodEnd, PodHost } from "../../../src/simulate/argo/pods/pod.ts";
import { root } from "../../support/build.ts";

/** What a real controller did with a workflow once, and what its pods did. */
export interface Trace {
  readonly scenario: string;
  readonly workflow: string;
  readonly outcomes: readonly Outcome[];
  readonly podArgs: { readonly [node: string]: readonly string[] };
  readonly observed: {
    readonly end: "completed" | "stalled";
    readonly phase: string;
    readonly pods: number;
    readonly nodes: readonly RecordedNode[];
  };
}

export interface RecordedNode {
  readonly name: string;
  readonly type: string;
  readonly phase: string;
  readonly message?: string;
  readonly inputs: { readonly [parameter: string]: string };
  readonly outputs: { readonly [parameter: string]: string };
}

export interface Outcome {
  readonly node: string;
  readonly exit?: number;
  readonly outputs?: { readonly [name: string]: string };
  readonly evict?: boolean;
  readonly report?: boolean;
  readonly codes?: { readonly wait?: number };
}

const folder = process.env.MAGNUS_ARGO_TRACES ?? path.join(root, "fixtures/argo-traces");

/** The recorded traces; `MAGNUS_ARGO_TRACES` names another folder of them. */
export function recordedTraces(): readonly Trace[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")));
}

/** Pods that do what they did in the trace; `args` gets the main container's arguments of each. */
export function scriptedPods(outcomes: readonly Outcome[], args: Map<string, readonly string[]>): PodHost {
  const byNode = new Map(outcomes.map((outcome) => [outcome.node, outcome]));
  return async ({ node, main }): Promise<PodEnd> => {
    if (main.args?.length) args.set(node, main.args);
    const { exit = 0, outputs = {}, evict, report, codes } = byNode.get(node) ?? {};
    return {
      exit,
      outputs,
      ...(evict ? { evicted: true } : {}),
      ...(report === false ? { report } : {}),
      ...(codes?.wait === undefined ? {} : { waitExit: codes.wait }),
    };
  };
}
