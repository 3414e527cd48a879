/** What a task may refer to: the inputs of its dag, and the tasks before it. */
import {
  escapeHtml,
  isList,
  isMap,
  jsonOfString,
  jsonOfValue,
  type Value,
  valueOfJson,
} from "../expressions/expression-value.ts";
import type { Template } from "../workflow/workflow.ts";
import { isFulfilled, type Node, type NodeOutputs, type Values } from "./node.ts";
import type { Simulation } from "./simulation.ts";

export type TaskScope = Map<string, string | null>;

export function inputScope(inputs: Values): TaskScope {
  return new Map(inputs.map(([name, value]) => [`inputs.parameters.${name}`, value]));
}

export interface Ancestor {
  readonly name: string;
  readonly node: Node;
  /** Its template as the manifest has it: what it would have put out where it did not run. */
  readonly template: Template | undefined;
}

/** Adds what one task put out, as `tasks.NAME.…` (operator.go, buildLocalScope and processAggregateNodeOutputs). */
export function addAncestor(
  simulation: Simulation,
  scope: TaskScope,
  kind: "tasks" | "steps",
  { name, node, template }: Ancestor,
): void {
  const prefix = `${kind}.${name}`;
  if (node.type === "TaskGroup") addAggregate(simulation, scope, prefix, node);
  const seen = node.type === "Retry" ? (node.attempts.at(-1) ?? node) : node;
  scope.set(`${prefix}.id`, seen.name);
  scope.set(`${prefix}.startedAt`, seen.startedAt);
  if (isFulfilled(seen)) scope.set(`${prefix}.finishedAt`, seen.finishedAt);
  scope.set(`${prefix}.status`, seen.phase);
  addOutputs(scope, prefix, seen.outputs);
  if (node.outputs !== undefined || (node.phase !== "Skipped" && node.phase !== "Omitted")) return;
  for (const output of template?.outputs?.parameters ?? [])
    scope.set(`${prefix}.outputs.parameters.${output.name}`, output.valueFrom?.default ?? null);
}

function addOutputs(scope: TaskScope, prefix: string, outputs: NodeOutputs | undefined): void {
  if (outputs?.exitCode !== undefined) scope.set(`${prefix}.exitCode`, outputs.exitCode);
  for (const [name, value] of outputs?.parameters ?? []) scope.set(`${prefix}.outputs.parameters.${name}`, value);
}

/** Lists over the items that succeeded. Where none did, `outputs.parameters` is the text `[]`. */
function addAggregate(simulation: Simulation, scope: TaskScope, prefix: string, group: Node): void {
  const items = [...group.children].filter((child) => child.startsWith(`${group.name}(`));
  if (items.length === 0) return;
  const all: Map<string, Value>[] = [];
  const lists = new Map<string, string[]>();
  for (const child of items) {
    const node = simulation.nodes.get(child);
    const parameters = node?.phase === "Succeeded" ? (node.outputs?.parameters ?? []) : [];
    if (parameters.length > 0) all.push(new Map(parameters));
    for (const [name, value] of parameters) {
      const list = lists.get(name) ?? [];
      list.push(value);
      lists.set(name, list);
    }
  }
  scope.set(`${prefix}.outputs.result`, "[]");
  scope.set(`${prefix}.outputs.parameters`, jsonOfValue(all));
  for (const [name, values] of lists) scope.set(`${prefix}.outputs.parameters.${name}`, aggregated(values));
}

/** Objects and lists are decoded and encoded again; where one value is neither, all are texts. */
function aggregated(values: readonly string[]): string {
  const decoded = values.map(decodedCollection);
  if (decoded.every((value) => value !== undefined)) return `[${decoded.map((value) => jsonOfValue(value)).join(",")}]`;
  return escapeHtml(`[${values.map(jsonOfString).join(",")}]`);
}

function decodedCollection(text: string): Value | undefined {
  try {
    const value = valueOfJson(text);
    return isList(value) || isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
