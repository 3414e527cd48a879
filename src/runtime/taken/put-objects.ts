import type { Json } from "../../protocol/json.ts";
import { objectValue } from "../../protocol/object-value.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import type { Failure } from "../task-types/task-type.ts";

/** Stores a task's objects (name to file) in the catalog; gives what is published of them. */
export async function putObjects(
  objects: ReadonlyMap<string, string>,
  catalog: CatalogStore,
): Promise<{ readonly delta: Parameters; readonly failure?: Failure }> {
  const delta: Record<string, Json> = {};
  for (const [name, file] of objects) {
    if (!catalog.keeps) {
      const message = `the object "${name}" cannot be stored: the catalog (${catalog.name}) stores nothing`;
      return { delta, failure: { reason: "catalog-put", message } };
    }
    try {
      delta[name] = objectValue((await catalog.putFile(file)).digest);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { delta, failure: { reason: "catalog-put", message: `the object "${name}": ${error.message}` } };
    }
  }
  return { delta };
}
