import type { Term } from "../../../src/plan/activations.ts";
import type { PlanComposite, PlanGraph, PlanLeaf, PlanNode } from "../../../src/plan/plan-node.ts";
import { pathKey } from "../../../src/protocol/path.ts";

/** How one node ends, or that it does not run. */
export type Outcome = "ok" | "failed" | "skipped";

/** How a job ends, as far as the plan goes: a job that was lost has no outputs. */
export interface JobOutcome {
  readonly outcome: "ok" | "failed" | "lost";
  readonly control?: string;
}

/** What happens; asked once for each job that the model starts. */
export interface Happening {
  /** A leaf or a gather; `controls`: of which one is told where it succeeds. */
  job(key: string, controls: readonly string[]): JobOutcome;
  /** The body of a map for all items, or of an iteration of a loop; it may end as one of these. */
  body(key: string, ends: readonly string[]): string;
  /** Whether a composite's body is modelled by its end alone. */
  isApart(node: PlanComposite): boolean;
}

/** The keys of jobs that run, each with how it ended. */
export type Ran = Map<string, JobOutcome | string>;

export const leafKey = (leaf: PlanLeaf): string => pathKey(leaf.path);
export const openKey = ({ path }: PlanComposite): string => `${pathKey(path)} open`;
export const closeKey = ({ path }: PlanComposite): string => `${pathKey(path)} close`;
export const bodyKey = ({ path }: PlanComposite, iteration = 0): string => `${pathKey(path)} body ${iteration}`;

/**
 * Moves the token through a graph that starts: the language's meaning, told with the plan's edges alone. Only what runs
 * is asked for; the jobs that ran are added to `ran`.
 */
export function runGraph(graph: PlanGraph, happening: Happening, ran: Ran): "ok" | "failed" {
  const outcomes = new Map<string, Outcome>();
  const holds = ({ from, on }: Term): boolean => outcomeOf(graph.nodes.get(from)) === on;
  const outcomeOf = (node: PlanNode | undefined): Outcome => {
    if (node === undefined) return "skipped";
    const known = outcomes.get(node.name);
    if (known !== undefined) return known;
    const runs = node === graph.start || node.activation.some(holds);
    const outcome = runs ? runNode(node, graph, happening, ran) : "skipped";
    outcomes.set(node.name, outcome);
    return outcome;
  };
  for (const node of graph.nodes.values()) outcomeOf(node);
  return graph.success.some(holds) ? "ok" : "failed";
}

function runNode(node: PlanNode, graph: PlanGraph, happening: Happening, ran: Ran): Outcome {
  if (node.kind === "leaf") {
    const { outcome } = runJob(leafKey(node), controlsOf(node.step.control), happening, ran);
    return outcome === "ok" ? "ok" : "failed";
  }
  let control: string | undefined;
  if (node.open !== undefined) {
    const gather = runJob(openKey(node), controlsOf(node.open.control), happening, ran);
    if (gather.outcome !== "ok") return "failed";
    control = gather.control;
  } else if (node.fedBy !== undefined) {
    const feeding = graph.nodes.get(node.fedBy);
    const told = feeding?.kind === "leaf" ? ran.get(leafKey(feeding)) : undefined;
    control = typeof told === "object" ? told.control : undefined;
  }
  return runBody(node, control, happening, ran);
}

function runBody(node: PlanComposite, control: string | undefined, happening: Happening, ran: Ran): Outcome {
  const [first] = node.graphs;
  switch (node.node.kind) {
    case "dag":
    case "parallel": {
      const ends = node.graphs.map((graph) => runGraph(graph, happening, ran));
      return ends.every((end) => end === "ok") ? "ok" : "failed";
    }
    case "conditional": {
      const chosen = control === "fault" ? undefined : node.graphs[Number(control)];
      return chosen === undefined ? "failed" : runGraph(chosen, happening, ran);
    }
    case "map": {
      if (control === "[]") return "ok";
      if (control === "fault" || first === undefined) return "failed";
      if (!happening.isApart(node)) return runGraph(first, happening, ran);
      return endOf(bodyKey(node), ["good", "bad", "lost"], happening, ran) === "good" ? "ok" : "failed";
    }
    case "loop": {
      for (let i = 0; i < node.node.maxIterations; i++) {
        const last = i + 1 === node.node.maxIterations;
        const end = endOf(bodyKey(node, i), last ? ["done", "fault"] : ["done", "fault", "again"], happening, ran);
        if (end !== "again") return end === "done" ? "ok" : "failed";
      }
      return "failed";
    }
  }
}

/** The controls that a step may tell. */
export function controlsOf(control: PlanLeaf["step"]["control"]): readonly string[] {
  switch (control?.kind) {
    case undefined:
      return [];
    case "map":
      return ["[]", '[{"i":0}]', "fault"];
    case "conditional":
      return [...(control.element.of ?? []).map((_, i) => `${i}`), "fault"];
    case "loop":
      return ["again", "done", "fault"];
  }
}

export function runJob(key: string, controls: readonly string[], happening: Happening, ran: Ran): JobOutcome {
  const job = happening.job(key, controls);
  ran.set(key, job);
  return job;
}

function endOf(key: string, ends: readonly string[], happening: Happening, ran: Ran): string {
  const end = happening.body(key, ends);
  ran.set(key, end);
  return end;
}
