/** The backends that a configuration may name: one line for each; all else is in its own folder. */
import type { Elsewhere, ServiceKinds } from "../stores/contract/service-kind.ts";
import { folderCatalog, folderRunLog } from "../stores/folder/folder-kinds.ts";
import { memoryRunLog, noCatalog } from "../stores/memory/memory-kinds.ts";
import { postgresElsewhere, postgresRunLog } from "../stores/postgres/postgres-kind.ts";
import { s3Catalog, s3Elsewhere, s3RunLog } from "../stores/s3/s3-kinds.ts";
import { inDotenv, inEnvironment, inFiles, noSecrets } from "../stores/secrets/secrets-kinds.ts";
import { mlflow, mlflowElsewhere, noTracker } from "./tracker-kinds.ts";

export const serviceKinds: ServiceKinds = {
  run_log_store: [folderRunLog, memoryRunLog, postgresRunLog, s3RunLog],
  catalog: [folderCatalog, noCatalog, s3Catalog],
  secrets: [inEnvironment, inDotenv, inFiles, noSecrets],
  experiment_tracker: [noTracker, mlflow],
};

/** By type what is to be given to processes elsewhere; a list of its own since the shim, which is there, has no use for it. */
export const elsewhereOf: { readonly [type: string]: Elsewhere } = {
  postgres: postgresElsewhere,
  s3: s3Elsewhere,
  mlflow: mlflowElsewhere,
};
