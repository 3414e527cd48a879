import { chmodSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkInto, removeIfThere, temporaryName } from "../../system/atomic-file.ts";
import { CatalogError } from "../contract/catalog-error.ts";
import type { CatalogStore } from "../contract/catalog-store.ts";
import { StoreError } from "../contract/store-error.ts";
import { copyAndDigest, digestOf, hexOf } from "../files/digest-file.ts";
import { inFolder, placeFile, type WantedFile } from "../files/place-file.ts";
import { sameContent } from "../files/same-content.ts";

/**
 * A catalog in a folder: `<root>/blobs/sha256/<first two digits>/<digits>`, mode 0444; 0400 where only its owner could
 * read the file that was put first. Files are copied or cloned
 * (reflinks), never hard-linked: an edit in a working directory must not reach the store.
 */
export function fileSystemCatalog(root: string): CatalogStore {
  return {
    name: `file-system (${root})`,
    keeps: true,
    putFile: (file) => putFile(root, file),
    digestFile: (file) => digestOf(file),
    getFile: async (digest, file, mode) => getFile(blobFile(root, digest), { digest, file, ...mode }),
  };
}

/** Where a catalog in a folder keeps a content. */
export function blobFile(root: string, digest: string): string {
  const hex = hexOf(digest);
  return join(root, "blobs", "sha256", hex.slice(0, 2), hex);
}

async function putFile(root: string, file: string): Promise<{ readonly digest: string; readonly size: number }> {
  const found = await digestOf(file);
  const temporary = temporaryName(join(root, "blobs", "sha256", "blob"));
  try {
    if (sameContent(file, blobFile(root, found.digest), found.size)) return found;
    // The file may have changed since it was hashed: what counts is what was copied.
    const copied = await inFolder(temporary, () => copyAndDigest(file, temporary));
    const blob = blobFile(root, copied.digest);
    chmodSync(temporary, (statSync(file).mode & 0o077) === 0 ? 0o400 : 0o444);
    // Something else under that name is damage: it is replaced.
    const there = statSync(blob, { throwIfNoEntry: false }) !== undefined;
    if (there && !sameContent(temporary, blob, copied.size)) renameSync(temporary, blob);
    else {
      mkdirSync(dirname(blob), { recursive: true });
      linkInto(temporary, blob);
    }
    return copied;
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError("cannot write", join(root, "blobs", "sha256"), error);
  } finally {
    removeIfThere(temporary);
  }
}

async function getFile(blob: string, wanted: WantedFile): Promise<void> {
  const size = statSync(blob, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new CatalogError(`the catalog has no content ${wanted.digest}`);
  await placeFile({ ...wanted, size }, (temporary) => copyAndDigest(blob, temporary));
}
