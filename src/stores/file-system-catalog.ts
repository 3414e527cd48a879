import { chmodSync, lstatSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkInto, removeIfThere, temporaryName } from "./atomic-file.ts";
import { CatalogError } from "./catalog-error.ts";
import type { CatalogStore } from "./catalog-store.ts";
import { copyAndDigest, digestOf } from "./digest-file.ts";
import { errorCode, StoreError } from "./store-error.ts";

/**
 * A catalog in a folder: `<root>/blobs/sha256/<first two digits>/<digits>`, mode 0444. Files are copied or cloned
 * (reflinks), never hard-linked: an edit in a working directory must not reach the store.
 */
export function fileSystemCatalog(root: string): CatalogStore {
  const blobs = join(root, "blobs", "sha256");
  return {
    name: `file-system (${root})`,
    keeps: true,
    putFile: (file) => putFile(blobs, file),
    digestFile: (file) => digestOf(file),
    getFile: async (digest, file, { executable }) => getFile(blobFile(blobs, digest), digest, file, executable),
  };
}

function blobFile(blobs: string, digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new CatalogError(`${JSON.stringify(digest)} is no digest`);
  return join(blobs, hex.slice(0, 2), hex);
}

async function putFile(blobs: string, file: string): Promise<{ readonly digest: string; readonly size: number }> {
  const found = await digestOf(file);
  const temporary = temporaryName(join(blobs, "blob"));
  try {
    if (isStored(blobFile(blobs, found.digest), found.size)) return found;
    // The file may have changed since it was hashed: what counts is what was copied.
    const copied = await inFolder(temporary, () => copyAndDigest(file, temporary));
    const blob = blobFile(blobs, copied.digest);
    chmodSync(temporary, 0o444);
    // Something shorter or longer under that name is damage: it is replaced.
    if (statSync(blob, { throwIfNoEntry: false }) !== undefined && !isStored(blob, copied.size)) {
      renameSync(temporary, blob);
    } else {
      mkdirSync(dirname(blob), { recursive: true });
      linkInto(temporary, blob);
    }
    return copied;
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError("cannot write", blobs, error);
  } finally {
    removeIfThere(temporary);
  }
}

function isStored(blob: string, size: number): boolean {
  return statSync(blob, { throwIfNoEntry: false })?.size === size;
}

async function getFile(blob: string, digest: string, file: string, executable: boolean): Promise<void> {
  const size = statSync(blob, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new CatalogError(`the catalog has no content ${digest}`);
  const mode = (executable ? 0o777 : 0o666) & ~umask();
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new CatalogError(`${file} is a folder`);
  if (there?.isFile() && there.size === size && (await digestOf(file)).digest === digest) {
    if ((there.mode & 0o111) !== (mode & 0o111)) chmodSync(file, mode);
    return;
  }
  const temporary = temporaryName(file);
  try {
    const copied = await inFolder(temporary, () => copyAndDigest(blob, temporary));
    if (copied.digest !== digest) throw new CatalogError(`${blob} is damaged: its digest is ${copied.digest}`);
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  } catch (error) {
    throw error instanceof CatalogError || error instanceof StoreError
      ? error
      : new StoreError("cannot write", file, error);
  } finally {
    removeIfThere(temporary);
  }
}

async function inFolder<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    mkdirSync(dirname(file), { recursive: true });
    return work();
  }
}

let processUmask: number | undefined;

function umask(): number {
  processUmask ??= process.umask();
  return processUmask;
}
