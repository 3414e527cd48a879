import { resolve } from "node:path";
import { serviceDefaults } from "../../protocol/services.ts";
import type { CatalogKind, Keys, RunLogKind } from "../contract/service-kind.ts";
import { fileSystemCatalog } from "./catalog.ts";
import { durableCatalog, durableRunLogStore } from "./durable.ts";
import { fileSystemRunLogStore } from "./run-log.ts";

/** Whether what is stored is on the disk before a step goes on. */
const durable = { kind: "flag" } as const;

const runLogKeys = {
  /** The folder of all run logs. */
  log_folder: { kind: "folder", default: serviceDefaults.runLogFolder },
  durable,
} as const satisfies Keys;

export const folderRunLog: RunLogKind<typeof runLogKeys> = {
  type: "file-system",
  keys: runLogKeys,
  open: ({ log_folder, durable }, { cwd }) => {
    const root = resolve(cwd, log_folder);
    const store = { ...fileSystemRunLogStore(root), name: `file-system (${log_folder})` };
    return durable ? durableRunLogStore(store, root) : store;
  },
};

const catalogKeys = {
  /** The folder of all catalogued files. */
  catalog_location: { kind: "folder", default: serviceDefaults.catalogFolder },
  durable,
} as const satisfies Keys;

export const folderCatalog: CatalogKind<typeof catalogKeys> = {
  type: "file-system",
  keys: catalogKeys,
  open: ({ catalog_location, durable }, { cwd }) => {
    const root = resolve(cwd, catalog_location);
    const catalog = { ...fileSystemCatalog(root), name: `file-system (${catalog_location})` };
    return durable ? durableCatalog(catalog, root) : catalog;
  },
};
