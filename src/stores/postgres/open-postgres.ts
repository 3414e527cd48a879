import { usualPatience } from "../../system/retry.ts";
import type { RemoteAccess } from "../contract/remote-access.ts";
import type { RunLogStore } from "../contract/run-log-store.ts";
import { readPostgresAddress } from "./address.ts";
import { postgresClient } from "./client.ts";
import type { PostgresSettings } from "./postgres-settings.ts";
import { postgresRunLogStore } from "./run-log.ts";

/** In the same bundle as what reaches buckets (src/stores/s3/open-s3.ts). */
export function openPostgresRunLog(settings: PostgresSettings, access: RemoteAccess): RunLogStore {
  const client = postgresClient(readPostgresAddress(settings, access.environment), access.patience ?? usualPatience);
  return postgresRunLogStore(client, settings.schema, access.mayMigrate);
}
