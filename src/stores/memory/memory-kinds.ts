import type { CatalogKind, RunLogKind } from "../contract/service-kind.ts";
import { bufferedRunLogStore } from "./buffered-run-log.ts";
import { doNothingCatalog } from "./do-nothing-catalog.ts";

export const memoryRunLog: RunLogKind = {
  service: "run_log_store",
  type: "buffered",
  keys: {},
  inProcess: true,
  open: () => bufferedRunLogStore(),
};

export const noCatalog: CatalogKind = {
  service: "catalog",
  type: "do-nothing",
  keys: {},
  open: () => doNothingCatalog(),
};
