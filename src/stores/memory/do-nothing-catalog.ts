import { CatalogError } from "../contract/catalog-error.ts";
import type { CatalogStore } from "../contract/catalog-store.ts";
import { digestOf } from "../files/digest-file.ts";

/** A catalog that records what was put and keeps none of it. */
export function doNothingCatalog(): CatalogStore {
  return {
    name: "do-nothing",
    keeps: false,
    putFile: digestOf,
    digestFile: digestOf,
    getFile: async (digest) => {
      throw new CatalogError(`the catalog is do-nothing: it has not kept ${digest}`);
    },
  };
}
