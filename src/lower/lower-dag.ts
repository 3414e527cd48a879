import { posix } from "node:path";
import { readYaml } from "../frontends/yaml.ts";
import type { DagNode, Graph } from "../ir/pipeline.ts";
import type { Json } from "../protocol/json.ts";
import { dagShape } from "../schema/steps.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";
import { type Edges, keySpans, lowerBase } from "./lower-base.ts";
import { lowerBranch } from "./lower-branches.ts";
import { lowerIncluded } from "./lower-document.ts";
import { readStep } from "./read-step.ts";
import type { Scope, StepSource } from "./scope.ts";

export function lowerDag(step: StepSource, edges: Edges, scope: Scope): DagNode {
  const fields = readStep(dagShape, step, scope);
  const spans = keySpans(step.container, scope.document);
  const file = fields.dag_definition ?? undefined;
  const inline = fields.dag ?? undefined;
  if ((file === undefined) === (inline === undefined)) {
    const written = Object.hasOwn(step.container, "dag_definition") || Object.hasOwn(step.container, "dag");
    const both = file !== undefined;
    // A value of the wrong type was reported as that.
    if (both || !written) {
      const span = both ? (scope.document.keySpan(step.container, "dag") ?? step.nameSpan) : step.nameSpan;
      scope.sink.report("dag-source", { step: step.name, both, span });
    }
  }
  const included =
    file === undefined ? undefined : includeFile(file, spans.get("dag_definition") ?? step.nameSpan, scope);
  return {
    kind: "dag",
    ...lowerBase(step, fields, edges, spans),
    branch: included ?? (inline === undefined ? nothing(step, scope) : lowerBranch(step, "dag", scope)),
  };
}

/** Stands for a graph that could not be read, so that the rest of the pipeline is checked all the same. */
function nothing(step: StepSource, { shared }: Scope): Graph {
  const graph: Graph = { start: "", nodes: new Map(), success: "success", fail: "fail", span: step.nameSpan };
  shared.uncertain.add(graph);
  return graph;
}

/** The graph of another file: relative to the including one, else to the working directory. */
function includeFile(name: string, span: Span, scope: Scope): Graph | undefined {
  const { sink, shared, trail, document } = scope;
  const beside = posix.normalize(posix.join(posix.dirname(document.file.name), name));
  const candidates = name.startsWith("/") ? [name] : [...new Set([beside, posix.normalize(name)])];
  const file = candidates.find((candidate) => isReadable(candidate, span, scope));
  if (file === undefined) {
    sink.report("missing-file", { name, tried: candidates, span });
    return undefined;
  }
  const from = trail.findIndex((inclusion) => inclusion.file === file);
  if (from >= 0) {
    const loop = trail.slice(from);
    const related = loop.slice(1).map((inclusion) => ({ message: `includes ${inclusion.file}`, span: inclusion.span }));
    sink.report("inclusion-cycle", { cycle: [...loop.map((inclusion) => inclusion.file), file], span, related });
    return undefined;
  }
  const included = shared.documents.get(file);
  if (included === undefined) return undefined;
  return lowerIncluded(included, span, { ...scope, document: included, trail: [...trail, { file, span }] });
}

/** Whether there is such a file; it is read at most once a pipeline. `span`: where it is named. */
function isReadable(name: string, span: Span, { shared, sink, trail }: Scope): boolean {
  if (shared.documents.has(name) || trail.some(({ file }) => file === name)) return true;
  const text = shared.readFile(name);
  if (text === undefined) return false;
  if (typeof text !== "string") sink.report("unusable-file", { name, ...text, span });
  const document: SourceDocument<Json> | undefined =
    typeof text === "string" ? readYaml({ name, text }, sink) : undefined;
  shared.documents.set(name, document);
  return true;
}
