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
  /** A folder that it matches is meant whole. */
  readonly tree: boolean;
  /** Ends with `**`: all files below a folder, but for hidden ones. */
  readonly all: boolean;
  matches(name: string): boolean;
  /** Would match if a wildcard matched a dot at the beginning of the last name. */
  matchesHidden(name: string): boolean;
}

/**
 * `*` and `?` do not cross `/`, `**` does, `[…]` is a class; all other characters are themselves. A path without
 * wildcards, or a pattern that ends with `/`, means a folder's whole tree as well, hidden files included. Elsewhere files
 * and folders that begin with a dot match only where the pattern spells the dot. Null: the pattern leaves the working
 * directory.
 */
export function globOf(pattern: string): Glob | null {
  const parts = pattern.split("/").filter((part, at) => part !== "." && (part !== "" || at === 0));
  if (parts.length === 0) parts.push("**");
  if (parts[0] === "" || parts.includes("..") || pattern.includes("\0")) return null;
  const wild = parts.findIndex((part) => /[*?[]/.test(part));
  const literal = wild < 0 && !(parts.length === 1 && parts[0] === "**");
  const tree = literal || (pattern.endsWith("/") && parts.at(-1) !== "**");
  const own = matcher(parts, literal, false);
  const base = literal ? parts : parts.slice(0, Math.max(0, Math.min(wild, parts.length - 1)));
  return {
    pattern,
    base: base.join("/"),
    depth: tree || parts.includes("**") ? Number.POSITIVE_INFINITY : parts.length - base.length,
    dots: tree || parts.some((part) => part.startsWith(".")),
    literal,
    tree,
    all: parts.at(-1) === "**",
    matches: tree ? (name) => own(name) || foldersOf(name).some(own) : own,
    matchesHidden: literal ? () => false : hiddenMatcher(parts),
  };
}

export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** The pattern that means exactly the file of this name. */
export function literalPattern(name: string): string {
  return name.replace(/[*?[]/g, "[$&]");
}

function matcher(parts: readonly string[], literal: boolean, dot: boolean): (name: string) => boolean {
  if (literal) {
    const path = parts.join("/");
    return (name) => name === path;
  }
  // `s`: a name may have a line break.
  const options = { dot, flags: "s", nobrace: true, noextglob: true, nonegate: true, strictSlashes: true };
  return picomatch(parts.map(escapeLiterals).join("/"), options);
}

/** Made when it is first asked. */
function hiddenMatcher(parts: readonly string[]): (name: string) => boolean {
  let match: ((name: string) => boolean) | undefined;
  return (name) => {
    if (!isHidden(name.slice(name.lastIndexOf("/") + 1))) return false;
    match ??= matcher(parts, false, true);
    return match(name);
  };
}

/** The folders on the way to a file, the outermost first. */
function foldersOf(name: string): readonly string[] {
  const folders: string[] = [];
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) folders.push(name.slice(0, at));
  return folders;
}

/** Quotes what picomatch would read and POSIX does not, outside of `[…]`; there, `!` is POSIX's negation. */
function escapeLiterals(part: string): string {
  return part.replace(/\[(?:[!^]?\]?[^\]]*)\]|[(){}|+@!$^\\]/g, (c) =>
    c.length > 1 ? c.replace(/^\[!/, "[^") : `\\${c}`,
  );
}
