/** The backends that a configuration may name. The first of a service is what it is where nothing is configured. */
import type { Elsewhere, ServiceKind } from "../stores/contract/service-kind.ts";
import { folderCatalog, folderRunLog } from "../stores/folder/folder-kinds.ts";
import { memoryRunLog, noCatalog } from "../stores/memory/memory-kinds.ts";
import { postgresElsewhere, postgresRunLog } from "../stores/postgres/postgres-kind.ts";
import { s3Catalog, s3Elsewhere, s3RunLog } from "../stores/s3/s3-kinds.ts";
import { inDotenv, inEnvironment, inFiles, noSecrets } from "../stores/secrets/secrets-kinds.ts";
import { mlflow, mlflowElsewhere, noTracker } from "./tracker-kinds.ts";

export const serviceKinds: readonly ServiceKind[] = [
  ...[folderRunLog, memoryRunLog, postgresRunLog, s3RunLog],
  ...[folderCatalog, noCatalog, s3Catalog],
  ...[inEnvironment, inDotenv, inFiles, noSecrets],
  ...[noTracker, mlflow],
];

/** By type what is to be given to processes elsewhere; a list of its own since the shim, which is there, has no use for it. */
export const elsewhereOf: { readonly [type: string]: Elsewhere } = {
  postgres: postgresElsewhere,
  s3: s3Elsewhere,
  mlflow: mlflowElsewhere,
};
