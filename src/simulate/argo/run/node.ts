import type { Template } from "../workflow/workflow.ts";

export type Phase = "Pending" | "Running" | "Succeeded" | "Failed" | "Error" | "Skipped" | "Omitted";

export type NodeType = "Pod" | "DAG" | "Steps" | "StepGroup" | "TaskGroup" | "Retry" | "Suspend" | "Skipped";

/** A node of the workflow's status. Its state changes; its name and place do not. */
export interface Node {
  /** With the workflow's name before it, as `penguins-x7.train(0:oslo).fit`. */
  readonly name: string;
  readonly type: NodeType;
  phase: Phase;
  message: string;
  /** The dag or steps that it is part of. */
  readonly boundary: Node | undefined;
  /** Templates within templates; the root's is 1. */
  readonly depth: number;
  readonly inputs: Values;
  outputs: NodeOutputs | undefined;
  /** Names of what comes next in the graph that the UI draws; a name may have no node yet. */
  readonly children: Set<string>;
  /** Of a dag or steps that ended: the nodes at which it ends. */
  outbound: readonly Node[];
  /** The template with its inputs; none for nodes that have no template of their own. */
  readonly template: ProcessedTemplate | undefined;
  /** The Retry node of which it is an attempt. */
  readonly retryOf: Node | undefined;
  /** Attempts of a Retry node, in order. */
  readonly attempts: Node[];
  /** Running or waiting pods right in this dag, and with them its dags. */
  activePods: number;
  activeChildren: number;
  /** It, or something below it, is to be looked at again; then whatever it is part of is dirty, too. */
  dirty: boolean;
  startedAt: string;
  finishedAt: string;
}

export type Values = readonly (readonly [name: string, value: string])[];

export interface NodeOutputs {
  readonly parameters: Values;
  readonly exitCode?: string;
}

/** A template after its inputs were substituted, and the JSON of it. */
export interface ProcessedTemplate {
  readonly template: Template;
  readonly json: string;
  readonly inputs: Values;
}

export function isFulfilled({ phase }: Node): boolean {
  return phase !== "Pending" && phase !== "Running";
}

/** Ended by itself: not skipped or omitted. */
export function isCompleted({ phase }: Node): boolean {
  return phase === "Succeeded" || phase === "Failed" || phase === "Error";
}

export function hasFailed({ phase }: Node): boolean {
  return phase === "Failed" || phase === "Error";
}

/** The nodes to which a task that depends on this one is attached (operator.go, getOutboundNodes). */
export function outboundOf(node: Node, nodes: ReadonlyMap<string, Node>): readonly Node[] {
  switch (node.type) {
    case "Pod":
    case "Suspend":
    case "Skipped":
      return [node];
    case "TaskGroup": {
      if (node.children.size === 0) return [node];
      return [...node.children].flatMap((name) => {
        const child = nodes.get(name);
        return child === undefined ? [] : outboundOf(child, nodes);
      });
    }
    case "Retry":
      return node.attempts.slice(-1);
    case "DAG":
    case "Steps":
    case "StepGroup":
      return node.outbound.flatMap((end) => outboundOf(end, nodes));
  }
}
