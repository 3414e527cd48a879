/**
 * One graph of a document to one graph of the IR: its steps, its terminals, its start, and every edge resolved. An edge
 * that leads nowhere is reported; where the word is only misspelt, the edge leads to what is meant, so that nothing
 * follows from it that is not wrong.
 */
import { suggest } from "../diagnostics/suggest.ts";
import type { Graph, Node } from "../ir/pipeline.ts";
import { isNumber, type Json, type JsonObject, printJson } from "../protocol/json.ts";
import type { Edge } from "../protocol/path.ts";
import { graphShape } from "../schema/document.ts";
import { asMapping, readShape } from "../schema/read-shape.ts";
import { emptyGraph } from "./empty-graph.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerStep } from "./lower-step.ts";
import type { GraphNames, GraphPlace, LoweringScope } from "./lowering-scope.ts";
import { readSteps, type Steps, type TypedStep } from "./read-steps.ts";

/** Levels of graphs in graphs. */
const maxDepth = 50;
/** Steps of a pipeline, included files and aliases written out. */
const maxSteps = 250_000;
/** Misspelt names of a graph that are compared with all of its names. */
const maxSuggestions = 50;

export function lowerGraph(value: Json | undefined, place: GraphPlace, scope: LoweringScope): Graph {
  const { document, sink } = scope;
  if (scope.depth >= maxDepth) sink.report("nested-too-deep", { levels: maxDepth, span: place.span });
  // That it is missing was reported where its key was missed.
  if (value === undefined || value === null || scope.depth >= maxDepth) return emptyGraph(place.span, scope.shared);
  const container = asMapping(value, place.what, place.valueSpan ?? place.span, sink);
  if (container === undefined) return emptyGraph(place.span, scope.shared);
  const fields = readShape(graphShape, container, { document, sink, what: place.what, span: place.span });
  if (fields.steps === undefined) return emptyGraph(place.span, scope.shared);
  const steps = readSteps(fields.steps, scope);
  if (steps.steps.length === 0 && !steps.incomplete) {
    sink.report("empty-graph", { what: place.what, span: document.keySpan(container, "steps") ?? place.span });
  }
  scope.shared.steps += steps.steps.length;
  if (scope.shared.steps > maxSteps) {
    sink.report("pipeline-too-large", { limit: maxSteps });
    return emptyGraph(place.span, scope.shared);
  }
  return lowerParts(steps, { container, start: fields.start_at, description: fields.description }, place, scope);
}

interface Written {
  readonly container: JsonObject;
  readonly start: string | null | undefined;
  readonly description: string | null | undefined;
}

function lowerParts(steps: Steps, written: Written, place: GraphPlace, scope: LoweringScope): Graph {
  const { shared } = scope;
  const names = new Map<string, TypedStep>(steps.steps.map((step) => [step.name, step]));
  const success = terminalOf("success", steps, names, scope);
  const fail = terminalOf("fail", steps, names, scope);
  const ambiguous = names.has(success) || names.has(fail);
  const all = new Map<string, TypedStep | undefined>([...names, [success, undefined], [fail, undefined]]);
  const around: GraphNames = { names: all, around: scope.around };
  const resolver: Resolver = {
    names: all,
    success,
    fail,
    scope,
    incomplete: steps.incomplete,
    suggestions: 0,
    uncertain: steps.incomplete || ambiguous,
  };
  const start = startOf(steps, written, place, resolver);
  const nodes = new Map<string, Node>();
  const inner = { ...scope, around, depth: scope.depth + 1 };
  for (const step of steps.steps) {
    const edges = edgesOf(step, steps.listed, resolver);
    if (step.type === undefined) resolver.uncertain = true;
    const node = step.type === undefined ? lowerUnknown(step, edges) : lowerStep(step.type, step, edges, inner);
    nodes.set(step.name, node);
    shared.places.addNode(node, step, scope.document);
    if (edges.guessed) shared.uncertain.edges.add(node);
  }
  const { description } = written;
  const graph: Graph = { ...(description ? { description } : {}), start, nodes, success, fail };
  shared.places.addGraph(graph, place.span);
  if (resolver.uncertain) shared.uncertain.graphs.add(graph);
  return graph;
}

/** Stands for a step whose type is not known. */
function lowerUnknown(step: TypedStep, edges: Edges): Node {
  return { kind: "stub", ...lowerBase(step, {}, edges) };
}

/** The graph's terminal of a kind: the declared one, else an implicit one of the kind's name. */
function terminalOf(
  kind: "success" | "fail",
  { terminals }: Steps,
  names: ReadonlyMap<string, TypedStep>,
  { sink }: LoweringScope,
): string {
  const [first, ...others] = terminals.filter((terminal) => terminal.kind === kind);
  for (const other of others) {
    const related = [{ message: "the first one", span: first?.nameSpan }];
    sink.report("two-terminals", {
      kind,
      first: first?.name ?? kind,
      second: other.name,
      span: other.nameSpan,
      related,
    });
  }
  if (first !== undefined) return first.name;
  const taken = names.get(kind);
  if (taken !== undefined) sink.report("terminal-name-taken", { name: kind, span: taken.nameSpan });
  return kind;
}

interface Resolver {
  readonly names: ReadonlyMap<string, TypedStep | undefined>;
  readonly success: string;
  readonly fail: string;
  readonly scope: LoweringScope;
  /** Some step has no name of its own. */
  readonly incomplete: boolean;
  suggestions: number;
  /** An edge leads nowhere, so what can be reached is not known. */
  uncertain: boolean;
}

function startOf(
  { steps, listed }: Steps,
  { container, start }: Written,
  { what, span }: GraphPlace,
  resolver: Resolver,
): string {
  const { document, sink } = resolver.scope;
  const first = steps[0]?.name ?? "";
  if (steps.length === 0) return first;
  if (start === undefined || start === null || start === "") {
    if (!listed) {
      sink.report("missing-start", {
        what,
        first: firstOf(steps),
        span: document.keySpan(container, "start_at") ?? span,
      });
      resolver.uncertain = true;
    }
    return first;
  }
  const place = document.valueSpan(container, "start_at") ?? span;
  if (start === resolver.success || start === resolver.fail) {
    sink.report("start-is-terminal", { name: start, span: place });
    resolver.uncertain = true;
    return first;
  }
  if (resolver.names.has(start)) return start;
  const known = steps.slice(0, 12).map(({ name }) => name);
  const suggestion = suggest(
    start,
    steps.map(({ name }) => name),
  );
  sink.report("unknown-start", { name: start, suggestion, known, span: place });
  if (suggestion === undefined) resolver.uncertain = true;
  return suggestion ?? first;
}

/** The step that no other leads to, for a hint. */
function firstOf(steps: readonly TypedStep[]): string | undefined {
  const targets = new Set(steps.flatMap(({ container }) => [container.next, container.on_failure]));
  return steps.find(({ name }) => !targets.has(name))?.name;
}

interface GuessedEdges extends Edges {
  /** A name that there is not led to the one that is probably meant, or to the end. */
  readonly guessed: boolean;
}

function edgesOf(step: TypedStep, listed: boolean, resolver: Resolver): GuessedEdges {
  const { document, sink } = resolver.scope;
  const { container } = step;
  const next = nameIn(container.next);
  const onFailure = nameIn(container.on_failure);
  const success: Edge = { end: "success", name: resolver.success };
  const fail: Edge = { end: "fail", name: resolver.fail };
  const failed = onFailure === undefined ? fail : resolve(onFailure, "on_failure", step, resolver);
  const guessed = [next, onFailure].some((name) => name !== undefined && !resolver.names.has(name));
  if (next !== undefined) return { ok: resolve(next, "next", step, resolver), failed, guessed };
  // A value of another type is reported as that, and a misspelt key as unknown.
  const silent = (container.next ?? null) !== null && container.next !== "";
  if (!listed && !silent && !step.broken && !hasMisspeltNext(container)) {
    sink.report("missing-next", {
      step: step.name,
      success: resolver.success,
      span: document.keySpan(container, "next") ?? step.nameSpan,
    });
  }
  if (!listed) resolver.uncertain = true;
  return { ok: step.following === undefined ? success : edgeTo(step.following, resolver), failed, guessed };
}

function nameIn(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "boolean" || isNumber(value) ? printJson(value) : undefined;
}

function hasMisspeltNext(container: JsonObject): boolean {
  return Object.keys(container).some((key) => key === "then" || suggest(key, ["next"]) !== undefined);
}

function edgeTo(name: string, { success, fail }: Resolver): Edge {
  if (name === success) return { end: "success", name };
  if (name === fail) return { end: "fail", name };
  return { to: name };
}

function resolve(name: string, key: "next" | "on_failure", step: TypedStep, resolver: Resolver): Edge {
  const { names, scope } = resolver;
  if (names.has(name)) return edgeTo(name, resolver);
  const suggestion = resolver.suggestions++ < maxSuggestions ? suggest(name, names.keys()) : undefined;
  const code = key === "next" ? "unknown-next" : "unknown-on-failure";
  const span = scope.document.valueSpan(step.container, key) ?? step.nameSpan;
  // A step that could not be read may be the one that is meant.
  if (suggestion !== undefined || !resolver.incomplete)
    scope.sink.report(code, { step: step.name, name, suggestion, elsewhere: whereElse(name, resolver), span });
  if (suggestion !== undefined) return edgeTo(suggestion, resolver);
  resolver.uncertain = true;
  return key === "next" ? { end: "success", name: resolver.success } : { end: "fail", name: resolver.fail };
}

/** A hint for names that mean something, but not here. */
function whereElse(name: string, { success, fail, scope }: Resolver): string | undefined {
  if (name === "success") return `the success terminal of this graph is named "${success}"`;
  if (name === "fail") return `the fail terminal of this graph is named "${fail}"`;
  for (let graph = scope.around; graph !== undefined; graph = graph.around) {
    if (graph.names.has(name))
      return "that step is in an outer graph; end this graph with success, and continue from the enclosing step";
  }
  return undefined;
}
