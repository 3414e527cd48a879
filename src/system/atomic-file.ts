import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./error-code.ts";

/** What is written: a text in UTF-8, bytes, or pieces of them one after the other. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

/**
 * Writes a file that nobody has written, whole or not at all; false where it exists. The name is given by `link`, which
 * is exclusive and shows only whole files, on network file systems too. Throws what `node:fs` throws.
 */
export function createFile(file: string, content: FileContent): boolean {
  const temporary = temporaryName(file);
  withFolder(file, () => writeNew(temporary, content));
  return linkInto(temporary, file);
}

/** Gives a finished temporary file its name unless that is taken; the temporary name is gone afterwards. */
export function linkInto(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (!hasNoLinks(error)) throw error;
    return createWithoutLinks(temporary, file);
  } finally {
    removeIfThere(temporary);
  }
}

/** Removes a temporary file; what cannot be removed was not made, or stays: neither is a reason to fail. */
export function removeIfThere(file: string): void {
  try {
    // A look costs a tenth of what an exception costs, and of what rmSync does.
    if (existsSync(file)) unlinkSync(file);
  } catch {
    // Somebody else removed it, or it must stay.
  }
}

/** Does the work; where a folder is missing, makes it and does the work again. */
export function withFolder<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    makeFolder(dirname(file));
    return work();
  }
}

/**
 * Makes a folder and those above it; one that exists is fine. Throws what `node:fs` throws. (Node's own `recursive` tries
 * for ever where a folder exists and none can be made in it, as in /proc.)
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    try {
      mkdirSync(at);
      break;
    } catch (error) {
      if (errorCode(error) === "ENOENT" && dirname(at) !== at && !existsSync(dirname(at))) missing.push(at);
      else if (errorCode(error) === "EEXIST" && statSync(at).isDirectory()) break;
      else throw error;
    }
  }
  for (const each of missing.reverse()) makeOne(each);
}

/** Another process may make the same folder in the same moment. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
}

let temporaries = 0;

/** A name beside `file` that no other process and no other call uses. Readers skip names that begin with `.tmp-`. */
export function temporaryName(file: string): string {
  return `${dirname(file)}/.tmp-${process.pid}-${startedAt}-${temporaries++}`;
}

const startedAt = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;

/** Whether a file system that has no hard links (FAT, some FUSE mounts) refused one. */
function hasNoLinks(error: unknown): boolean {
  return ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(errorCode(error) ?? "");
}

/** Reserves the name by an exclusive create, then replaces it: never torn, but a reader may see the empty reservation. */
function createWithoutLinks(temporary: string, file: string): boolean {
  try {
    closeSync(openSync(file, "wx"));
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  renameSync(temporary, file);
  return true;
}

function writeNew(file: string, content: FileContent): void {
  const pieces = content instanceof Uint8Array || typeof content === "string" ? [content] : content;
  const descriptor = openSync(file, "wx");
  try {
    for (const piece of pieces) writePiece(descriptor, typeof piece === "string" ? Buffer.from(piece) : piece);
  } catch (error) {
    removeIfThere(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function writePiece(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
