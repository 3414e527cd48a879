import { walkNodes } from "../ir/walk.ts";
import type { Rule } from "./rule.ts";

/** Patterns of `catalog`: relative posix globs that stay below the working directory. */
export const checkCatalogPatterns: Rule = ({ root }, { sink, places }) => {
  for (const node of walkNodes(root)) {
    if (node.kind !== "task") continue;
    for (const list of ["get", "put"] as const) {
      for (const [index, { pattern }] of node.catalog[list].entries()) {
        const problem = problemOf(pattern);
        const literal = problem === undefined ? literalIn(pattern) : undefined;
        const span = places.of(node, "catalog", list, index, "pattern");
        if (problem !== undefined) sink.report("bad-glob", { pattern, ...problem, span });
        if (literal !== undefined) sink.report("literal-in-pattern", { pattern, ...literal, span });
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

/** What other globs, or a shell, would expand. */
function literalIn(pattern: string): { readonly what: string; readonly remedy: string } | undefined {
  const [, before = "", inner, after = ""] = /^(.*?)(?<!\\)\{([^{}]*,[^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (inner !== undefined) {
    const each = inner.split(",").map((part) => JSON.stringify(`${before}${part}${after}`));
    return { what: "the braces", remedy: `write a pattern for each: ${each.join(", ")}` };
  }
  const parameter = /\$\{?[A-Za-z_]\w*\}?|\{\{.*?\}\}/.exec(pattern)?.[0];
  if (parameter !== undefined) {
    return {
      what: `${parameter}`,
      remedy: "patterns hold no parameters; use * or a folder, or name files in $MAGNUS_OUTPUT_FILE",
    };
  }
  return pattern.startsWith("~/") ? { what: "~", remedy: "patterns are relative to the working directory" } : undefined;
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
