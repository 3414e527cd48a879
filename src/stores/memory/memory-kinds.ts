import type { CatalogKind, RunLogKind } from "../contract/service-kind.ts";
import { bufferedRunLogStore } from "./buffered-run-log.ts";
import { doNothingCatalog } from "./do-nothing-catalog.ts";

export const memoryRunLog: RunLogKind = {
  type: "buffered",
  inProcess: true,
  open: () => bufferedRunLogStore(),
};

export const noCatalog: CatalogKind = {
  type: "do-nothing",
  open: () => doNothingCatalog(),
};
