import { join } from "node:path";
import type { JsonObject } from "../../protocol/json.ts";
import { CatalogError } from "../../stores/catalog-error.ts";
import type { CatalogStore } from "../../stores/catalog-store.ts";
import { objectDigest } from "../object-value.ts";
import { scratchFolder } from "../scratch.ts";
import type { Failure } from "./task-type.ts";

/** The visible parameters that are objects (pickles in the catalog), as files by name. */
export async function getObjects(
  visible: JsonObject,
  catalog: CatalogStore,
): Promise<{ readonly files: { readonly [name: string]: string } } | Failure> {
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(visible)) {
    const digest = objectDigest(value);
    if (digest === undefined) continue;
    try {
      files[name] = await objectFile(digest, catalog);
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      return { reason: "catalog-get", message: `the object "${name}" cannot be read: ${error.message}` };
    }
  }
  return { files };
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
