import { isArray, isObject, type Json, type JsonObject, printJson, setKey } from "../protocol/json.ts";
import type { Edge, Reduce } from "../protocol/path.ts";
import { isEmpty, saidFields } from "../protocol/task-fields.ts";
import type { Graph, Node, Pipeline, TaskNode } from "./pipeline.ts";

/**
 * The IR as indented JSON with sorted keys and a line break at its end: byte-identical for pipelines that mean the same,
 * whatever they were written in. Places are left out, and so is what equals its default. Branches, whose order means
 * something, are a list; nodes, whose order means nothing, are an object.
 */
export function serializePipeline(pipeline: Pipeline): string {
  return `${printSorted(pipelineJson(pipeline), "")}\n`;
}

function pipelineJson({ name, description, parameters, parameterSchema, root }: Pipeline): JsonObject {
  return { name, ...given({ description, parameters, parameterSchema }), root: graphJson(root) };
}

function graphJson({ description, start, nodes, success, fail }: Graph): JsonObject {
  const byName: Record<string, Json> = {};
  for (const [name, node] of nodes) setKey(byName, name, nodeJson(node));
  return { ...given({ description }), start, nodes: byName, success, fail };
}

function nodeJson(node: Node): JsonObject {
  const { kind, description, ok, failed, overrides } = node;
  return { kind, ok: edgeJson(ok), failed: edgeJson(failed), ...given({ description, overrides }), ...kindJson(node) };
}

function edgeJson(edge: Edge): JsonObject {
  return "to" in edge ? { to: edge.to } : { end: edge.end, name: edge.name };
}

function kindJson(node: Node): JsonObject {
  switch (node.kind) {
    case "task":
      return taskJson(node);
    case "stub":
      return {};
    case "parallel":
      return {
        branches: branchesJson(node.branches),
        ...given({ onConflict: node.onConflict }, { onConflict: "last" }),
      };
    case "map": {
      const { iterateOn, iterateAs, maxParallel } = node;
      const reduce = reduceJson(node.reduce);
      return {
        branch: graphJson(node.branch),
        iterateOn,
        iterateAs,
        ...given({ maxParallel, reduce }, { reduce: "list" }),
      };
    }
    case "dag":
      return { branch: graphJson(node.branch) };
    case "conditional":
      return { parameter: node.parameter, branches: branchesJson(node.branches), ...given({ default: node.default }) };
    case "loop": {
      const { branch, maxIterations, breakOn, indexAs } = node;
      return { branch: graphJson(branch), maxIterations, breakOn, ...given({ indexAs }) };
    }
  }
}

function branchesJson(branches: ReadonlyMap<string, Graph>): Json {
  return [...branches].map(([branch, graph]) => ({ branch, graph: graphJson(graph) }));
}

function reduceJson(reduce: Reduce): Json {
  return typeof reduce === "string" ? reduce : { ...reduce };
}

function taskJson(node: TaskNode): JsonObject {
  const { command, commandType, returns, secrets } = node;
  const fields = {
    commandType,
    ...saidFields(node),
    returns: returns.map(({ name, kind }) => (kind === "json" ? { name } : { name, kind })),
    secrets: [...secrets].sort(),
  };
  return { command: typeof command === "string" ? command : [...command], ...given(fields, { commandType: "python" }) };
}

/** Without what is absent, empty, or equal to its default. */
function given(values: { readonly [key: string]: Json | undefined }, defaults: JsonObject = {}): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === defaults[key] || isEmpty(value)) continue;
    kept[key] = value;
  }
  return kept;
}

function printSorted(value: Json, indent: string): string {
  const inner = `${indent}  `;
  if (isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => inner + printSorted(item, inner)).join(",\n")}\n${indent}]`;
  }
  if (!isObject(value)) return printJson(value);
  const keys = Object.keys(value).sort();
  if (keys.length === 0) return "{}";
  return `{\n${keys.map((key) => `${inner}${JSON.stringify(key)}: ${printSorted(value[key] ?? null, inner)}`).join(",\n")}\n${indent}}`;
}
