import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, normalize, relative, resolve } from "node:path";
import picomatch from "picomatch";
import type { FoundFiles } from "./simulation-host.ts";

/**
 * Files that patterns name, as @actions/glob finds them for upload-artifact: `*`, `?`, `[…]`, `**`; a folder means all
 * that is in it; a line that begins with `!` takes away. Names in the artifact are relative to the folder of the one
 * pattern, or to the common folder of several; a single file that is named loses its folder.
 *
 * @param hidden with files and folders that begin with a dot; without them, one that is named itself is left out too
 * (actions/toolkit, packages/glob/src/internal-globber.ts), but not what is below a folder in the middle of a path
 */
export function findFiles(folder: string, patterns: readonly string[], hidden: boolean): FoundFiles {
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!")).map((pattern) => searchOf(folder, pattern));
  const unwanted = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => searchOf(folder, pattern.slice(1).trim()));
  const found = new Set<string>();
  for (const search of wanted)
    for (const file of filesBelow(search.base, hidden))
      if (search.matches(file) && !unwanted.some((other) => other.matches(file))) found.add(file);
  const files = [...found].sort();
  const bases = [...new Set(wanted.map((search) => search.base))];
  const single = files.length === 1 && bases.length === 1 && bases[0] === files[0];
  const root = single ? dirname(files[0] ?? "/") : commonFolder(bases);
  return { root, files: files.map((file) => relative(root, file)) };
}

/** As the runner's own: SHA-256 over the SHA-256 of each file. */
export function hashFiles(folder: string, patterns: readonly string[]): string {
  const { root, files } = findFiles(folder, patterns, true);
  if (files.length === 0) return "";
  const all = createHash("sha256");
  for (const file of files)
    all.update(
      createHash("sha256")
        .update(readFileSync(join(root, file)))
        .digest(),
    );
  return all.digest("hex");
}

interface Search {
  /** Absolute; the path before the first wildcard. */
  readonly base: string;
  matches(file: string): boolean;
}

function searchOf(folder: string, pattern: string): Search {
  const parts = resolve(folder, normalize(pattern)).split("/");
  const wild = parts.findIndex((part) => /[*?[]/.test(part));
  const base = (wild < 0 ? parts : parts.slice(0, wild)).join("/") || "/";
  if (wild < 0) return { base, matches: (file) => file === base || base === "/" || file.startsWith(`${base}/`) };
  const options = { dot: true, nobrace: true, noextglob: true, nonegate: true };
  const rest = parts
    .slice(wild)
    .map((part) => part.replace(/[(){}|+@!$^]/g, "\\$&"))
    .join("/");
  // What a match is above of matches as well.
  const match = picomatch([rest, `${rest}/**`], options);
  return { base, matches: (file) => match(relative(base, file)) };
}

function filesBelow(base: string, hidden: boolean): readonly string[] {
  const stat = statSync(base, { throwIfNoEntry: false });
  if (stat === undefined || (!hidden && basename(base).startsWith("."))) return [];
  return stat.isDirectory() ? filesInFolder(base, hidden) : [base];
}

interface Folder {
  readonly path: string;
  /** The real paths of the links on the way to it: one that leads back there is not followed. */
  readonly links: readonly string[];
}

function filesInFolder(base: string, hidden: boolean): readonly string[] {
  const files: string[] = [];
  const pending: Folder[] = [{ path: base, links: [base] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    for (const entry of entriesIn(next.path, hidden)) {
      const path = join(next.path, entry.name);
      // Links are followed; those that lead nowhere are left out.
      const link = entry.isSymbolicLink();
      const target = link ? statSync(path, { throwIfNoEntry: false }) : entry;
      if (target?.isFile() === true) files.push(path);
      if (target?.isDirectory() !== true) continue;
      const inner = link ? linkedFolder(path, next.links) : { path, links: next.links };
      if (inner !== undefined) pending.push(inner);
    }
  return files;
}

function entriesIn(folder: string, hidden: boolean): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => hidden || !name.startsWith("."));
}

/** Undefined where the link leads back to a folder on the way to it. */
function linkedFolder(path: string, links: readonly string[]): Folder | undefined {
  const real = realpathSync(path);
  return links.includes(real) || path.startsWith(`${real}/`) ? undefined : { path, links: [...links, real] };
}

function commonFolder(paths: readonly string[]): string {
  const [first = "/", ...others] = paths;
  let parts = first.split("/");
  for (const other of others) {
    const theirs = other.split("/");
    let same = 0;
    while (same < parts.length && parts[same] === theirs[same]) same++;
    parts = parts.slice(0, same);
  }
  return parts.join("/") || "/";
}
