import { declaredParameters } from "../ir/declared-parameters.ts";
import { type Graph, graphsOf, type Node } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import { isPluralOf, nearName } from "../protocol/declared-parameters.ts";
import type { Rule } from "./rule.ts";

/**
 * A parameter that a step iterates over, decides on or breaks on, which nobody declares or returns while something of nearly
 * that name is there. Only a warning: a run may be given it, and tasks may answer in other ways than by `returns`.
 */
export const checkUsedParameters: Rule = (pipeline, { sink, places }) => {
  const tasks = [...walkNodes(pipeline.root)].filter((node) => node.kind === "task");
  const { defaults, types } = declaredParameters(pipeline);
  const returned = tasks.flatMap((node) => node.returns.map(({ name }) => name));
  const given = new Set([...Object.keys(defaults), ...Object.keys(types), ...returned]);
  // A task without `returns` may set any name: `files` beside a `file` is then no misspelling.
  const open = tasks.some((node) => node.returns.length === 0);
  const looked = new Set<string>();
  for (const { node, local } of nodesWithLocals(pipeline.root)) {
    const used = nameUsed(node);
    if (used === undefined || used.name === "" || given.has(used.name) || local.includes(used.name)) continue;
    // What is told twice helps nobody, and each looks at all names.
    if (looked.size >= mostLooked || looked.has(used.name)) continue;
    looked.add(used.name);
    const known = [...given, ...local].filter((name) => !open || !isPluralOf(name, used.name));
    const near = nearName(used.name, known);
    const span = places.of(node, used.key);
    if (near !== undefined && !sink.hasErrorAt(span))
      sink.report("unknown-parameter", { key: used.key, name: used.name, near, span });
  }
};

const mostLooked = 100;

interface Visit {
  readonly node: Node;
  /** The items and indices of the maps and loops around it. */
  readonly local: readonly string[];
}

function nodesWithLocals(root: Graph): readonly Visit[] {
  const visits: Visit[] = [];
  const waiting: { readonly graph: Graph; readonly local: readonly string[] }[] = [{ graph: root, local: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const node of next.graph.nodes.values()) {
      visits.push({ node, local: next.local });
      const own = namesOf(node);
      const local = own.length === 0 ? next.local : [...next.local, ...own];
      for (const { graph } of graphsOf(node)) waiting.push({ graph, local });
    }
  }
  return visits;
}

function nameUsed(node: Node): { readonly key: string; readonly name: string } | undefined {
  if (node.kind === "map") return { key: "iterate_on", name: node.iterateOn };
  if (node.kind === "conditional") return { key: "parameter", name: node.parameter };
  return node.kind === "loop" ? { key: "break_on", name: node.breakOn } : undefined;
}

function namesOf(node: Node): readonly string[] {
  if (node.kind === "map") return [node.iterateAs];
  return node.kind === "loop" && node.indexAs !== undefined ? [node.indexAs] : [];
}
