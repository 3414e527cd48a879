import { posix } from "node:path";
import type { DagNode, Graph } from "../ir/pipeline.ts";
import { dagShape } from "../schema/steps.ts";
import type { Span } from "../source/source-file.ts";
import { emptyGraph } from "./empty-graph.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerBranch } from "./lower-branches.ts";
import { lowerIncluded } from "./lower-document.ts";
import type { LoweringScope, StepSource } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

export function lowerDag(step: StepSource, edges: Edges, scope: LoweringScope): DagNode {
  const fields = readStep(dagShape, step, scope);
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
  const named = scope.document.valueSpan(step.container, "dag_definition") ?? step.nameSpan;
  const included = file === undefined ? undefined : includeFile(file, named, scope);
  return {
    kind: "dag",
    ...lowerBase(step, fields, edges),
    branch:
      included ?? (inline === undefined ? emptyGraph(step.nameSpan, scope.shared) : lowerBranch(step, "dag", scope)),
  };
}

/** The graph of another file: relative to the including one, else to the working directory. */
function includeFile(name: string, span: Span | undefined, scope: LoweringScope): Graph | undefined {
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
function isReadable(name: string, span: Span | undefined, { shared, sink, trail }: LoweringScope): boolean {
  if (shared.documents.has(name) || trail.some(({ file }) => file === name)) return true;
  const included = shared.readDocument(name, sink);
  if (included === undefined) return false;
  if ("problem" in included) sink.report("unusable-file", { name, ...included, span });
  shared.documents.set(name, "problem" in included ? undefined : included.document);
  return true;
}
