import { walkGraphs } from "../ir/walk.ts";
import type { Rule } from "./rule.ts";

/** Names of steps: what dotted paths, compiled files and people can tell apart. */
export const checkNames: Rule = ({ root }, { sink, places }) => {
  for (const { graph } of walkGraphs(root)) {
    for (const node of graph.nodes.values()) {
      const { name } = node;
      const cause = problemOf(name);
      if (cause !== undefined) sink.report("bad-name", { name, cause, instead: repaired(name), span: places.of(node) });
    }
  }
};

function problemOf(name: string): string | undefined {
  if (/^[\w -]+$/.test(name) && name === name.trim()) return undefined;
  if (name === "") return "the name is empty";
  if (name !== name.trim()) return "it starts or ends with a space";
  if (name.includes(".")) return "a dot separates the names of nested steps";
  if (name.includes("%")) return "it contains a %";
  if (/\p{Cc}/u.test(name)) return "it contains a control character";
  return /\p{Surrogate}/u.test(name) ? "it contains half of a character" : undefined;
}

function repaired(name: string): string {
  const clean = name.replace(/[.%\p{Cc}\p{Surrogate}]+/gu, "_").trim();
  return clean === "" ? "step 1" : clean;
}
