import { chmodSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { removeIfThere, temporaryName } from "../../system/atomic-file.ts";
import { errorCode } from "../../system/error-code.ts";
import { CatalogError } from "../contract/catalog-error.ts";
import type { FileMode } from "../contract/catalog-store.ts";
import { StoreError } from "../contract/store-error.ts";
import { type Digest, digestOf } from "./digest-file.ts";

/** What a catalog is asked for. */
export interface WantedFile extends FileMode {
  readonly digest: string;
  readonly file: string;
  /** Bytes; where it is known, a file of another size need not be read. */
  readonly size?: number;
}

/**
 * Puts content into place, whole or not at all: `fetch` writes it to a temporary file beside it (ENOENT where its folder is
 * missing) and gives the digest of what it wrote. A file that has the content already is left alone.
 */
export async function placeFile(wanted: WantedFile, fetch: (temporary: string) => Promise<Digest>): Promise<void> {
  const { digest, file, executable } = wanted;
  const mode = (wanted.mode ?? (executable ? 0o777 : 0o666)) & ~umask();
  if (await isInPlace(wanted, mode)) return;
  const temporary = temporaryName(file);
  try {
    const copied = await inFolder(temporary, () => fetch(temporary));
    if (copied.digest !== digest) throw new CatalogError(`${digest} is damaged in the catalog: it is ${copied.digest}`);
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  } catch (error) {
    const known = error instanceof CatalogError || error instanceof StoreError;
    throw known ? error : new StoreError("cannot write", file, error);
  } finally {
    removeIfThere(temporary);
  }
}

async function isInPlace({ digest, file, size, mode: wanted }: WantedFile, mode: number): Promise<boolean> {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new CatalogError(`${file} is a folder`);
  if (!there?.isFile() || (size !== undefined && there.size !== size)) return false;
  if ((await digestOf(file)).digest !== digest) return false;
  const compared = wanted === undefined ? 0o111 : 0o777;
  if ((there.mode & compared) !== (mode & compared)) chmodSync(file, mode);
  return true;
}

/** Does the work; where the file's folder is missing, makes it and does the work again. */
export async function inFolder<T>(file: string, work: () => Promise<T>): Promise<T> {
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
