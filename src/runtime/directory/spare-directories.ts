import {
  copyFileSync,
  type Dirent,
  lstatSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import type { OwnDirectory } from "./own-directory.ts";
import { removeDirectory } from "./remove-directory.ts";
import { isSame, type Signature, signatureOf } from "./signature.ts";

/**
 * Directories of steps that have ended, for steps that need the very same: what is in them is moved into a new directory, so
 * that the items of a long map do not copy the project again and again. (Into a new one, since a process that a step left
 * behind may still work in the old one.)
 */
const spares = new Map<string, Spare[]>();

interface Spare {
  readonly cwd: string;
  readonly own: OwnDirectory;
}

/** How often each was asked for: where one step is all that a process runs, none is kept. */
const asked = new Map<string, number>();

/** Moves what a step found in an equal directory into an empty one. Undefined: there is none, or the project has changed. */
export function fillFromSpare(cwd: string, project: string, key: string): OwnDirectory | undefined {
  asked.set(key, (asked.get(key) ?? 0) + 1);
  const spare = spares.get(key)?.pop();
  if (spare === undefined) return undefined;
  try {
    if (!isCurrent(project, spare.own) || !isRestored(spare, project)) return undefined;
    for (const entry of readdirSync(spare.cwd)) renameSync(join(spare.cwd, entry), join(cwd, entry));
    for (const [name] of spare.own.linkedFolders) {
      spare.own.linkedFolders.set(name, signatureOf(statSync(join(project, name))));
    }
    return spare.own;
  } catch {
    // The project changes meanwhile, or the step closed something: the directory is filled as the first one was.
    for (const entry of readdirSync(cwd)) removeDirectory(join(cwd, entry));
    return undefined;
  } finally {
    removeDirectory(spare.cwd);
  }
}

/** Keeps a directory that is not needed any more, or removes it. */
export function keepSpare(cwd: string, own: OwnDirectory, key: string): void {
  const kept = spares.get(key) ?? [];
  spares.set(key, kept);
  if ((asked.get(key) ?? 0) < 2 || kept.length >= mostKept) removeDirectory(cwd);
  else kept.push({ cwd, own });
}

const mostKept = 64;

/** Times are as coarse as the system's clock ticks: what changed shortly before could have changed shortly after. */
const tick = 50;

/** The project's folders and files are as they were when the directory was filled. */
function isCurrent(project: string, { folders, copies, links, got, filledAt }: OwnDirectory): boolean {
  const same = (name: string, before: Signature): boolean =>
    before.mtimeMs < filledAt - tick && isSame(statSync(join(project, name), { throwIfNoEntry: false }), before);
  for (const [name, before] of folders) if (!same(name, before)) return false;
  for (const [name, before] of copies) if (!got.has(name) && !same(name, before)) return false;
  for (const [name, before] of links) if (before !== null && !same(name, before)) return false;
  return true;
}

/** Takes away what the step made, and restores the copies that it changed; false where something is missing. */
function isRestored({ cwd, own }: Spare, project: string): boolean {
  let known = 0;
  for (const folder of own.folders.keys()) {
    for (const entry of readdirSync(join(cwd, folder), { withFileTypes: true })) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const file = join(cwd, name);
      const copied = entry.isDirectory() ? undefined : own.copies.get(name);
      if (isFromFilling(name, entry, own)) known++;
      else if (entry.isDirectory()) removeDirectory(file);
      else unlinkSync(file);
      if (copied !== undefined && !isSame(lstatSync(file), copied)) restore(name, file, own, project);
    }
  }
  return known === own.folders.size - 1 + own.copies.size + own.links.size + own.linkedFolders.size;
}

/** Whether the directory was filled with such an entry of that name. */
function isFromFilling(name: string, entry: Dirent, { folders, copies, links, linkedFolders }: OwnDirectory): boolean {
  if (entry.isDirectory()) return folders.has(name);
  return copies.has(name) || (entry.isSymbolicLink() && (links.has(name) || linkedFolders.has(name)));
}

function restore(name: string, file: string, { got }: OwnDirectory, project: string): void {
  unlinkSync(file);
  // What the step got, the next one gets anew.
  if (got.has(name)) return;
  copyFileSync(join(project, name), file);
  const state = statSync(join(project, name));
  utimesSync(file, state.atime, state.mtime);
}
