import {
  constants,
  copyFileSync,
  type Dirent,
  lstatSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { StoreError } from "../../stores/contract/store-error.ts";
import { errorCode } from "../../system/error-code.ts";
import { type Glob, isHidden } from "../../system/glob.ts";
import { isSame, type Signature, signatureOf } from "./signature.ts";

/** Which of a project's files a directory gets, and how. */
export interface Filling {
  /** What is to be put: its folders are real ones, and its files copies, whatever that costs. */
  readonly put: readonly Glob[];
  /** Names of files that are to be got: their folders are real ones. */
  readonly get: Iterable<string>;
  /** Files and folders that are to be missing, with the reason. */
  readonly hidden: ReadonlyMap<string, string>;
  readonly budget: Budget;
}

export interface Budget {
  /** Entries below folders that are made anew; a folder whose tree has more than what is left is a link. */
  readonly entries: number;
  /** Files that are copied, the outermost first; the others are links. */
  readonly copies: number;
  /** Of a file that is copied. */
  readonly bytes: number;
}

/** What stands in a directory of its own, by names that are relative to it. */
export interface OwnDirectory {
  /** Real ones, as they are in the project; its own is "". */
  readonly folders: Map<string, Signature>;
  /** Copies of files, as those were in the project. */
  readonly copies: Map<string, Signature>;
  /** Links to files, as those are in the project; null: to nothing that can be compared. */
  readonly links: Map<string, Signature | null>;
  /** Links to folders. */
  readonly linkedFolders: Map<string, Signature>;
  /** Of the copies those that came out of the catalog. */
  readonly got: Set<string>;
  /** Milliseconds since 1970. */
  readonly filledAt: number;
  /** What the project has and the directory has not, with the reason. */
  readonly missing: Map<string, string>;
}

/**
 * Fills an empty directory with a project's files. So that what is written there does not reach the project, and a project
 * of any size costs little: folders are real ones if their trees fit into the budget, and else links; small files are copies
 * as long as the budget lasts, and else links. Environments (of Python, conda, Node) and hidden folders are
 * always links, unless something in them is put or got. Git's and magnus's own folders are left out.
 */
export function fillDirectory(cwd: string, project: string, filling: Filling): OwnDirectory {
  const own: OwnDirectory = {
    folders: new Map([["", signatureOf(statSync(project))]]),
    copies: new Map(),
    links: new Map(),
    linkedFolders: new Map(),
    got: new Set(),
    filledAt: Date.now(),
    missing: new Map(),
  };
  const work: Work = { cwd, project, filling, own, way: foldersOnTheWay(filling), small: new Set(), ...filling.budget };
  const pending: Folder[] = [{ name: "", entries: readdirSync(project, { withFileTypes: true }) }];
  for (const folder of pending) {
    for (const entry of folder.entries) {
      if (folder.name === "" && (entry.name === ".git" || entry.name === ".magnus")) continue;
      const name = folder.name === "" ? entry.name : `${folder.name}/${entry.name}`;
      const inner = placeEntry(name, entry, work);
      if (inner !== undefined) pending.push(inner);
    }
  }
  return own;
}

interface Folder {
  readonly name: string;
  readonly entries: readonly Dirent[];
}

interface Work {
  readonly cwd: string;
  readonly project: string;
  readonly filling: Filling;
  readonly own: OwnDirectory;
  /** Folders that have to be real. */
  readonly way: ReadonlySet<string>;
  /** Folders whose trees fit into the budget. */
  readonly small: Set<string>;
  /** What is left of the budget. */
  entries: number;
  copies: number;
  readonly bytes: number;
}

function foldersOnTheWay({ put, get, hidden }: Filling): ReadonlySet<string> {
  const way = new Set<string>();
  const add = (folder: string): void => {
    for (let at = folder; at !== "." && at !== "" && !way.has(at); at = dirname(at)) way.add(at);
  };
  for (const { base } of put) add(base);
  for (const name of get) add(dirname(name));
  for (const name of hidden.keys()) add(dirname(name));
  return way;
}

/** Gives a folder that is to be filled, too. */
function placeEntry(name: string, entry: Dirent, work: Work): Folder | undefined {
  const why = work.filling.hidden.get(name);
  if (why !== undefined) {
    work.own.missing.set(name, why);
    return undefined;
  }
  const source = join(work.project, name);
  try {
    if (entry.isDirectory()) return placeFolder(name, source, work);
    const state = statSync(source, { throwIfNoEntry: false });
    // A folder behind a link has to be real where something in it is put or got, as any other.
    if (state?.isDirectory())
      return work.way.has(name) ? placeFolder(name, source, work) : linkFolder(name, source, work);
    placeFile(name, source, state, entry, work);
  } catch (error) {
    const code = errorCode(error) ?? "";
    // What is closed to us is closed there, too; it may be gone meanwhile, or be a link to itself.
    if (code === "EACCES" || code === "EPERM") linkAnyway(source, join(work.cwd, name));
    else if (code !== "ENOENT" && code !== "ELOOP") {
      throw new StoreError("cannot give the step its own directory with", source, error);
    }
  }
  return undefined;
}

function linkAnyway(source: string, target: string): void {
  rmSync(target, { force: true });
  symlinkSync(source, target);
}

function placeFolder(name: string, source: string, work: Work): Folder | undefined {
  const entries = entriesToPlace(name, source, work);
  if (entries === undefined) return linkFolder(name, source, work);
  mkdirSync(join(work.cwd, name));
  work.own.folders.set(name, signatureOf(statSync(source)));
  work.entries -= entries.length;
  return { name, entries };
}

/** Undefined: the folder is to be a link. */
function entriesToPlace(name: string, source: string, work: Work): readonly Dirent[] | undefined {
  const entries = (): readonly Dirent[] => readdirSync(source, { withFileTypes: true });
  if (work.way.has(name)) return entries();
  const isPut = work.filling.put.some((glob) => reaches(glob, name));
  if (!isPut && isHidden(name.slice(name.lastIndexOf("/") + 1))) return undefined;
  // What is in a folder that was found small is small.
  const isSmall = work.small.has(dirname(name)) || isPut || hasAtMost(work.entries, source);
  if (!isSmall) return undefined;
  const all = entries();
  if (all.some((entry) => marksOfEnvironments.has(entry.name))) return undefined;
  work.small.add(name);
  return all;
}

const marksOfEnvironments = new Set(["pyvenv.cfg", "conda-meta", ".package-lock.json", ".yarn-integrity", ".pnpm"]);

/** The pattern can match files in this folder, which is not on the way to it. */
function reaches({ base, depth, dots }: Glob, folder: string): boolean {
  if (base !== "" && !folder.startsWith(`${base}/`)) return false;
  const below = folder.slice(base === "" ? 0 : base.length + 1).split("/");
  return below.length < depth && (dots || !below.some(isHidden));
}

/** Whether a folder's tree has no more entries than these; looks at no more of it than that takes. */
function hasAtMost(most: number, folder: string): boolean {
  const pending = [folder];
  let count = 0;
  for (const at of pending) {
    const open = opendirSync(at);
    try {
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        if (++count > most) return false;
        if (entry.isDirectory()) pending.push(join(at, entry.name));
      }
    } finally {
      open.closeSync();
    }
  }
  return true;
}

function linkFolder(name: string, source: string, { cwd, own }: Work): undefined {
  symlinkSync(source, join(cwd, name));
  own.linkedFolders.set(name, signatureOf(statSync(source)));
}

function placeFile(name: string, source: string, state: Stats | undefined, entry: Dirent, work: Work): void {
  const { cwd, own, filling } = work;
  const target = join(cwd, name);
  const isPut = filling.put.some((glob) => glob.matches(name));
  if (state === undefined || !state.isFile()) {
    // It leads nowhere, or is a socket or a pipe.
    symlinkSync(source, target);
    own.links.set(name, null);
  } else if (isPut || (work.copies > 0 && state.size <= work.bytes && !entry.isSymbolicLink())) {
    if (!isPut) work.copies--;
    copyFileSync(source, target, state.size > 1024 * 1024 ? constants.COPYFILE_FICLONE : 0);
    // Programs like make compare times.
    utimesSync(target, state.atime, state.mtime);
    own.copies.set(name, signatureOf(state));
  } else {
    symlinkSync(source, target);
    own.links.set(name, signatureOf(state));
  }
}

/** What has been written since a directory was filled. */
export interface Written {
  /** Files in the directory that are new, or no longer what they were. */
  readonly here: readonly string[];
  /** Files of the project that changed behind their links, and linked folders whose own entries did. */
  readonly through: readonly string[];
}

export function writtenSince(cwd: string, project: string, own: OwnDirectory): Written {
  const here: string[] = [];
  const pending = [...own.folders.keys()];
  for (const folder of pending) {
    for (const entry of entriesOf(join(cwd, folder))) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (own.copies.has(name) || !entry.isDirectory()) {
        if (isWritten(name, entry, cwd, own)) here.push(name);
      } else if (!byTools.has(entry.name) && !own.folders.has(name)) pending.push(name);
    }
  }
  const through = [...own.links, ...own.linkedFolders].filter(
    ([name, before]) => before !== null && !isSame(statSync(join(project, name), { throwIfNoEntry: false }), before),
  );
  return { here: here.sort(), through: through.map(([name]) => name) };
}

/** Whether a file or link is another than what the directory was filled with. */
function isWritten(name: string, entry: Dirent, cwd: string, own: OwnDirectory): boolean {
  const copied = own.copies.get(name);
  if (copied !== undefined) return !isSame(lstatSync(join(cwd, name), { throwIfNoEntry: false }), copied);
  return !entry.isSymbolicLink() || !(own.links.has(name) || own.linkedFolders.has(name));
}

/** Made beside what is run; nobody wants to keep them. */
const byTools = new Set(["__pycache__", ".ipynb_checkpoints"]);

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Removed, or closed to us, by whom it belongs to.
  }
}
