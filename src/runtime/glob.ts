import picomatch from "picomatch";

/** A catalog pattern, ready to be matched against relative posix paths. */
export interface Glob {
  readonly pattern: string;
  /** The folder above which nothing can match; empty: the working directory. */
  readonly base: string;
  /** Levels of folders below `base` in which something can match; Infinity with `**` or a folder's tree. */
  readonly depth: number;
  /** Folders whose names begin with a dot can match. */
  readonly dots: boolean;
  /** The pattern is one path, without wildcards. */
  readonly literal: boolean;
  matches(name: string): boolean;
}

/**
 * `*` and `?` do not cross `/`, `**` does, `[…]` is a class; all other characters are themselves. A path without
 * wildcards, or a pattern that ends with `/`, means a folder's whole tree as well. Files and folders that begin with a
 * dot match only where the pattern spells the dot. Null: the pattern leaves the working directory.
 */
export function globOf(pattern: string): Glob | null {
  const parts = pattern.split("/").filter((part, at) => part !== "." && (part !== "" || at === 0));
  if (parts.length === 0) parts.push("**");
  if (parts[0] === "" || parts.includes("..") || pattern.includes("\0")) return null;
  const wild = parts.findIndex((part) => /[*?[]/.test(part));
  const literal = wild < 0 && !(parts.length === 1 && parts[0] === "**");
  const tree = literal || pattern.endsWith("/");
  const escaped = parts.map(escapeLiterals).join("/");
  const options = { dot: false, nobrace: true, noextglob: true, nonegate: true, strictSlashes: true };
  const match = picomatch(tree ? [escaped, `${escaped}/**`] : escaped, options);
  const base = literal ? parts : parts.slice(0, Math.max(0, Math.min(wild, parts.length - 1)));
  return {
    pattern,
    base: base.join("/"),
    depth: tree || parts.includes("**") ? Number.POSITIVE_INFINITY : parts.length - base.length,
    dots: parts.some((part) => part.startsWith(".")),
    literal,
    matches: literal ? (name) => name === parts.join("/") || match(name) : match,
  };
}

/** The pattern that means exactly the file of this name. */
export function literalPattern(name: string): string {
  return name.replace(/[*?[]/g, "[$&]");
}

/** Quotes what picomatch would read and POSIX does not, outside of `[…]`; there, `!` is POSIX's negation. */
function escapeLiterals(part: string): string {
  return part.replace(/\[(?:[!^]?\]?[^\]]*)\]|[(){}|+@!$^\\]/g, (c) =>
    c.length > 1 ? c.replace(/^\[!/, "[^") : `\\${c}`,
  );
}
