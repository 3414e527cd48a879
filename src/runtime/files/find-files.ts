import { isUtf8 } from "node:buffer";
import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { causeOf, errorCode } from "../../system/error-code.ts";
import { type Glob, isHidden } from "../../system/glob.ts";
import type { FilePlace } from "./file-place.ts";

export interface FoundFile {
  readonly name: string;
  /** Permissions, nine bits. */
  readonly mode: number;
}

/** What a pattern of `put` matches, by name. */
export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** Folders without anything in them, where the pattern means a whole folder. */
  readonly emptyFolders: readonly string[];
  /** What matches and cannot be stored, each with the reason: the step fails. */
  readonly refused: readonly string[];
  /** What a reader of the pattern may miss among the files, by the reason. */
  readonly leftOut: ReadonlyMap<LeftOutReason, readonly string[]>;
}

export type LeftOutReason = "hidden" | "a link to a folder" | "leads nowhere" | "a link in a circle" | "no file";

/**
 * Finds the files of a pattern. A named folder is taken whole: hidden files, empty folders, and what is behind links to
 * folders, as far as they stay in `roots`. Wildcards follow no links to folders.
 */
export function findFiles(glob: Glob, place: FilePlace): FoundFiles {
  const found: Found = { files: [], emptyFolders: [], refused: [], leftOut: new Map() };
  const base = stateOf(join(place.cwd, glob.base));
  if (base === "circle" || (base === undefined && isLink(join(place.cwd, glob.base))))
    leaveOut(found, "leads nowhere", glob.base);
  else if (base !== undefined && !isInside(join(place.cwd, glob.base), place.roots)) {
    found.refused.push(linksOut(glob.base));
  } else if (base?.isFile()) {
    if (glob.matches(glob.base)) found.files.push({ name: glob.base, mode: base.mode & 0o777 });
  } else if (base?.isDirectory()) walk(glob, place, found);
  found.files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return found;
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

interface Found extends FoundFiles {
  readonly files: FoundFile[];
  readonly emptyFolders: string[];
  readonly refused: string[];
  readonly leftOut: Map<LeftOutReason, string[]>;
}

interface Folder {
  readonly name: string;
  /** Below the pattern's base, which is at 1. */
  readonly depth: number;
  readonly real: string;
  /** Real paths of the folders whose links led here. */
  readonly from: readonly string[];
}

function walk(glob: Glob, place: FilePlace, found: Found): void {
  const search: Search = { glob, place, found };
  const real = realpathSync(join(place.cwd, glob.base));
  const pending: Folder[] = [{ name: glob.base, depth: 1, real, from: [] }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const entries = entriesIn(folder, glob, place, found);
    if (entries?.length === 0 && glob.tree && folder.name !== glob.base && glob.matches(folder.name)) {
      found.emptyFolders.push(folder.name);
    }
    for (const entry of entries ?? []) {
      const name = nameIn(folder, entry.name);
      const inner = lookAt(name, entry, folder, search);
      if (inner === undefined || folder.depth >= glob.depth) continue;
      if (glob.dots || !isHidden(entry.name)) pending.push(inner);
      else if (glob.all && !isOfTools(name)) leaveOut(found, "hidden", `${name}/`);
    }
  }
}

interface Search {
  readonly glob: Glob;
  readonly place: FilePlace;
  readonly found: Found;
}

/** Takes what is no folder; gives a folder, or the one behind a link that is to be followed. */
function lookAt(name: string, entry: Dirent, folder: Folder, { glob, place, found }: Search): Folder | undefined {
  if (entry.isDirectory()) {
    return { name, depth: folder.depth + 1, real: join(folder.real, entry.name), from: folder.from };
  }
  if (!glob.matches(name)) {
    if (glob.matchesHidden(name) && !isOfTools(name)) leaveOut(found, "hidden", name);
    return undefined;
  }
  const state = stateOf(join(place.cwd, name));
  if (state === undefined || state === "circle") leaveOut(found, "leads nowhere", name);
  else if (state.isDirectory()) return linkedFolder(name, folder, { glob, place, found });
  else if (!state.isFile()) leaveOut(found, "no file", name);
  else if (entry.isSymbolicLink() && !isInside(join(place.cwd, name), place.roots)) found.refused.push(linksOut(name));
  else found.files.push({ name, mode: state.mode & 0o777 });
  return undefined;
}

function linkedFolder(name: string, folder: Folder, { glob, place, found }: Search): Folder | undefined {
  if (!glob.tree) {
    if (glob.all) leaveOut(found, "a link to a folder", name);
    return undefined;
  }
  const file = join(place.cwd, name);
  if (!isInside(file, place.roots)) {
    found.refused.push(linksOut(name));
    return undefined;
  }
  const real = realpathSync(file);
  const from = [...folder.from, folder.real];
  if (from.some((above) => isAtOrBelow(above, real))) {
    leaveOut(found, "a link in a circle", name);
    return undefined;
  }
  return { name, depth: folder.depth + 1, real, from };
}

/** Undefined: there is nothing; a link that leads to itself is neither. */
function stateOf(file: string): Stats | "circle" | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === "ELOOP") return "circle";
    throw error;
  }
}

function entriesIn(folder: Folder, glob: Glob, { cwd }: FilePlace, found: Found): readonly Dirent[] | undefined {
  const file = join(cwd, folder.name);
  try {
    const entries = readdirSync(file, { withFileTypes: true });
    if (!entries.some(({ name }) => name.includes("\ufffd"))) return entries;
    const foreign = readdirSync(file, { encoding: "buffer" }).filter((name) => !isUtf8(name));
    const wrong = new Set(foreign.map((name) => name.toString("utf8")));
    for (const name of foreign) {
      const path = nameIn(folder, name.toString("utf8"));
      const shown = JSON.stringify(nameIn(folder, name.toString("latin1")));
      if (glob.tree || glob.matches(path)) found.refused.push(`the name ${shown} (here as Latin-1) is not UTF-8`);
    }
    return entries.filter(({ name }) => !wrong.has(name));
  } catch (error) {
    // Gone meanwhile: nothing in it can be put.
    if (errorCode(error) === "ENOENT") return undefined;
    if (glob.tree) found.refused.push(`cannot read the folder "${folder.name}": ${causeOf(error)}`);
    return undefined;
  }
}

function nameIn({ name }: Folder, entry: string): string {
  return name === "" ? entry : `${name}/${entry}`;
}

function leaveOut({ leftOut }: Found, reason: LeftOutReason, name: string): void {
  const names = leftOut.get(reason);
  if (names === undefined) leftOut.set(reason, [name]);
  else names.push(name);
}

/** What git and magnus keep in a project; nobody misses it. */
function isOfTools(name: string): boolean {
  return /^\.(?:git|magnus)/.test(name);
}

export function linksOut(name: string): string {
  return `"${name}" is a symbolic link that leaves the working directory`;
}

/** Whether a path that exists is, all links resolved, in one of the folders. */
export function isInside(path: string, roots: readonly string[]): boolean {
  const real = realpathSync(path);
  return roots.some((root) => isAtOrBelow(real, realpathSync(root)));
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);
}
