import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Json, printJson } from "../../protocol/json.ts";
import { digestsIn, hasObject } from "../../protocol/object-value.ts";
import { CatalogError } from "../../stores/contract/catalog-error.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import { removeIfThere } from "../../system/atomic-file.ts";
import { scratchFolder } from "../given/scratch.ts";
import type { TaskContext } from "./task-type.ts";

/** What a task of Python is told of objects. */
export interface GivenObjects {
  /** Names what python/src/magnus/_objects.py reads; null: no object is visible. */
  readonly file: string | null;
  readonly env: { readonly [name: string]: string };
  /** Removes the file. */
  remove(): void;
}

const none: GivenObjects = { file: null, env: {}, remove: () => {} };

/**
 * Brings the visible objects (pickles in the catalog) into files. One that cannot be brought is no failure here: a task
 * may not use it. MAGNUS_OBJECTS is where `magnus.get_object` looks.
 */
export async function getObjects({ visible, catalog, files }: TaskContext): Promise<GivenObjects> {
  const entries = Object.entries(visible).filter(([, value]) => hasObject(value));
  if (entries.length === 0) return none;
  const brought: Record<string, Json> = {};
  for (const digest of new Set(entries.flatMap(([, value]) => digestsIn(value)))) {
    brought[digest] = await bring(digest, catalog);
  }
  const file = `${files.result}.objects`;
  writeFileSync(file, printJson({ values: Object.fromEntries(entries), files: brought }));
  return { file, env: { MAGNUS_OBJECTS: file }, remove: () => removeIfThere(file) };
}

async function bring(digest: string, catalog: CatalogStore): Promise<Json> {
  try {
    return { file: await objectFile(digest, catalog) };
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    return { error: error.message };
  }
}

/** Pickles by digest, each fetched once a process. */
const objectFiles = new Map<string, Promise<string>>();

function objectFile(digest: string, catalog: CatalogStore): Promise<string> {
  let file = objectFiles.get(digest);
  if (file === undefined) {
    const target = join(scratchFolder(), `${digest.replace(":", "-")}.pickle`);
    file = catalog.getFile(digest, target, { executable: false }).then(() => target);
    file.catch(() => objectFiles.delete(digest));
    objectFiles.set(digest, file);
  }
  return file;
}
