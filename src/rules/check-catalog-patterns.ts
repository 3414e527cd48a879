import { walkNodes } from "../ir/walk.ts";
import type { Rule } from "./rules.ts";

/** Patterns of `catalog`: relative posix globs that stay below the working directory. */
export const checkCatalogPatterns: Rule = ({ root }, { sink }) => {
  for (const node of walkNodes(root)) {
    if (node.kind !== "task") continue;
    const { keys } = node.spans;
    for (const list of ["get", "put"] as const) {
      for (const [index, { pattern }] of node.catalog[list].entries()) {
        const problem = problemOf(pattern);
        if (problem === undefined) continue;
        const at = `catalog.${list}.${index}`;
        sink.report("bad-glob", {
          pattern,
          ...problem,
          span: keys.get(`${at}.pattern`) ?? keys.get(at) ?? keys.get("catalog"),
        });
      }
    }
  }
};

interface Problem {
  readonly cause: string;
  readonly remedy: string;
}

function problemOf(pattern: string): Problem | undefined {
  const stay = "steps share only files below the working directory";
  if (pattern.trim() === "") return { cause: "is empty", remedy: "name a file, a folder or a glob such as data/*.csv" };
  if (pattern.startsWith("/")) return { cause: "is an absolute path", remedy: `make it relative: ${stay}` };
  if (/^[A-Za-z]:[/\\]/.test(pattern)) return { cause: "is an absolute path", remedy: `make it relative: ${stay}` };
  if (pattern.split("/").includes(".."))
    return { cause: "leaves the working directory", remedy: `take the ".." out: ${stay}` };
  if (pattern.includes("\0")) return { cause: "contains a NUL character", remedy: "remove it" };
  const open = unclosed(pattern);
  if (open !== undefined)
    return {
      cause: `has a "${open}" that is never closed`,
      remedy: `close it, or write \\${open} where the character is meant`,
    };
  return undefined;
}

function unclosed(pattern: string): string | undefined {
  const open: string[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern.charAt(at);
    if (c === "\\") at++;
    else if (c === "[") {
      // A "]" that comes first in a class stands for itself.
      const close = pattern.indexOf("]", at + (/^\[[!^]?\]/.test(pattern.slice(at)) ? 3 : 1));
      if (close < 0) return "[";
      at = close;
    } else if (c === "{") open.push(c);
    else if (c === "}") open.pop();
  }
  return open[0];
}
