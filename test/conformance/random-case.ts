import { type Graph, graphsOf, type Node } from "../../src/ir/pipeline.ts";
import { isArray, isObject, type Json, type JsonObject, printJson, sameJson } from "../../src/protocol/json.ts";
import type { Edge, Parameters } from "../../src/protocol/path.ts";
import { type Dice, diceOf, randomPipeline } from "../run-log/replay/random-pipeline.ts";
import { type Answer, interpretPipeline } from "../run-log/replay/reference-interpreter.ts";

/** A random pipeline whose shell commands do as the dice say, and what the reference interpreter says of it. */
export interface RandomCase {
  readonly document: JsonObject;
  readonly expected: Summary;
}

/** What has to agree: of every node its place, kind, status and delta, and the run's end. */
export interface Summary {
  readonly status: unknown;
  readonly parameters: unknown;
  readonly steps: readonly {
    readonly place: readonly unknown[];
    readonly kind: unknown;
    readonly status: unknown;
    readonly delta: unknown;
  }[];
}

export function randomCase(seed: number): RandomCase {
  const dice = diceOf(seed);
  const { root, parameters } = randomPipeline(dice);
  const outcomes = new Map<string, Outcomes>();
  const dag = graphDocument(root, [], dice, outcomes);
  const end = interpretPipeline(root, parameters, ({ place, visible }) =>
    answerOf(outcomes.get(staticPlace(place)), visible),
  );
  const steps = end.nodes.map(({ place, kind, status, delta }) => ({ place, kind, status, delta: plain(delta) }));
  return { document: { parameters, dag }, expected: { status: end.status, parameters: plain(end.parameters), steps } };
}

/** The part of a normalised run log that {@link RandomCase} foresees. */
export function summaryOf(log: Json): Summary {
  const { status, parameters = {}, steps } = isObject(log) ? log : {};
  const nodes = isArray(steps) ? steps.filter(isObject) : [];
  return {
    status,
    parameters: plain(parameters),
    steps: nodes.map(({ path, kind, status, delta }) => ({
      place: isArray(path) ? path : [],
      kind,
      status,
      delta: plain(delta ?? {}),
    })),
  };
}
/** What a task does in iterations 0, 1 and later of the loop around it. */
type Outcomes = readonly Outcome[];
interface Outcome {
  readonly ok: boolean;
  readonly set: Parameters;
}

function randomOutcomes(dice: Dice): Outcomes {
  const values: { readonly [name: string]: readonly Json[] } = {
    L: [[1], [2, 3], [], [[4], [5]], 7],
    C: ["x", "y", "z"],
    B: [true, false, false, null],
    a: [1, 2, 3],
    b: [1, 2],
  };
  return [0, 1, 2].map(() => ({
    ok: dice.roll() < 0.85,
    set: Object.fromEntries(
      Object.entries(values).flatMap(([name, choices]) => (dice.roll() < 0.4 ? [[name, dice.pick(choices)]] : [])),
    ),
  }));
}

/** A value that is set to what it was is not published. */
function answerOf(outcomes: Outcomes | undefined, visible: Parameters): Answer {
  if (outcomes === undefined) return { status: "success" };
  const { ok, set } = at(outcomes, typeof visible.ix === "number" ? visible.ix : 0);
  const changed = Object.entries(set).filter(([name, value]) => !sameJson(visible[name], value));
  return ok ? { status: "success", delta: Object.fromEntries(changed) } : { status: "failed" };
}

function at(outcomes: Outcomes, iteration: number): Outcome {
  const outcome = outcomes[Math.min(iteration, 2)];
  if (outcome === undefined) throw new Error("no outcome");
  return outcome;
}

function command(outcomes: Outcomes): string {
  const arm = ({ ok, set }: Outcome): string => {
    const exports = Object.entries(set).map(
      ([name, value]) => `MAGNUS_PRM_${name}='${printJson(value, { style: "python" })}'`,
    );
    return `${exports.length === 0 ? "" : `export ${exports.join(" ")}; `}exit ${ok ? 0 : 1}`;
  };
  const [first, second, later] = [at(outcomes, 0), at(outcomes, 1), at(outcomes, 2)];
  return `case "\${MAGNUS_PRM_ix:-0}" in 0) ${arm(first)} ;; 1) ${arm(second)} ;; *) ${arm(later)} ;; esac`;
}

function graphDocument(
  graph: Graph,
  place: readonly string[],
  dice: Dice,
  outcomes: Map<string, Outcomes>,
): JsonObject {
  const steps = [...graph.nodes.values()].map((node) => [
    node.name,
    nodeDocument(node, [...place, node.name], dice, outcomes),
  ]);
  return { start_at: graph.start, steps: Object.fromEntries(steps) };
}

function nodeDocument(node: Node, place: readonly string[], dice: Dice, outcomes: Map<string, Outcomes>): JsonObject {
  const edges = { type: node.kind, next: goal(node.ok), on_failure: goal(node.failed) };
  const graphs = graphsOf(node).map(({ branch, graph }) => ({
    branch,
    graph: graphDocument(graph, branch === undefined ? place : [...place, branch], dice, outcomes),
  }));
  const [only] = graphs;
  const branches = Object.fromEntries(graphs.map(({ branch, graph }) => [branch ?? "", graph]));
  switch (node.kind) {
    case "stub":
      return edges;
    case "task": {
      const own = randomOutcomes(dice);
      outcomes.set(JSON.stringify(place), own);
      return { ...edges, command_type: "shell", command: command(own) };
    }
    case "parallel":
      return { ...edges, branches, on_conflict: node.onConflict ?? null };
    case "conditional":
      return {
        ...edges,
        branches,
        parameter: node.parameter,
        ...(node.default === undefined ? {} : { default: node.default }),
      };
    case "dag":
      return { ...edges, dag: only?.graph ?? null };
    case "map": {
      const { iterateOn, iterateAs, reduce } = node;
      return { ...edges, branch: only?.graph ?? null, iterate_on: iterateOn, iterate_as: iterateAs, reduce };
    }
    case "loop": {
      const { maxIterations, breakOn, indexAs } = node;
      const index = indexAs === undefined ? {} : { index_as: indexAs };
      return { ...edges, branch: only?.graph ?? null, max_iterations: maxIterations, break_on: breakOn, ...index };
    }
  }
}

function goal(edge: Edge): string {
  return "to" in edge ? edge.to : edge.name;
}

/** A place without items and iterations. */
function staticPlace(place: readonly (string | number)[]): string {
  return JSON.stringify(place.filter((part) => typeof part === "string"));
}

function plain(value: Json): unknown {
  return JSON.parse(printJson(value, { sorted: true }));
}
