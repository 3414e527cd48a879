import { declaredParameters } from "../ir/declared-parameters.ts";
import type { Node } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import { nearName } from "../protocol/declared-parameters.ts";
import type { Rule } from "./rules.ts";

/**
 * A parameter that a step iterates over, decides on or breaks on, which nobody declares or returns while something of nearly
 * that name is there. Only a warning: a run may be given it, and tasks may answer in other ways than by `returns`.
 */
export const checkUsedParameters: Rule = (pipeline, { sink }) => {
  const nodes = [...walkNodes(pipeline.root)];
  const given = new Set(nodes.flatMap(namesGiven));
  const { defaults, types } = declaredParameters(pipeline);
  for (const name of [...Object.keys(defaults), ...Object.keys(types)]) given.add(name);
  const looked = new Set<string>();
  for (const node of nodes) {
    const used = nameUsed(node);
    if (used === undefined || used.name === "" || given.has(used.name)) continue;
    // What is told twice helps nobody, and each looks at all names.
    if (looked.size >= mostLooked || looked.has(used.name)) continue;
    looked.add(used.name);
    const near = nearName(used.name, [...given]);
    const span = node.spans.keys.get(used.key) ?? node.spans.name;
    if (near !== undefined && !sink.hasErrorAt(span))
      sink.report("unknown-parameter", { key: used.key, name: used.name, near, span });
  }
};

const mostLooked = 100;

function nameUsed(node: Node): { readonly key: string; readonly name: string } | undefined {
  if (node.kind === "map") return { key: "iterate_on", name: node.iterateOn };
  if (node.kind === "conditional") return { key: "parameter", name: node.parameter };
  return node.kind === "loop" ? { key: "break_on", name: node.breakOn } : undefined;
}

function namesGiven(node: Node): readonly string[] {
  if (node.kind === "task") return node.returns.map(({ name }) => name);
  if (node.kind === "map") return [node.iterateAs];
  return node.kind === "loop" && node.indexAs !== undefined ? [node.indexAs] : [];
}
