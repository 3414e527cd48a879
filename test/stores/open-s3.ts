import type { CatalogStore } from "../../src/stores/catalog-store.ts";
import { lazyCatalog, lazyRunLogStore } from "../../src/stores/lazy-stores.ts";
import type { RemoteAccess, S3Settings } from "../../src/stores/remote-settings.ts";
import * as remote from "../../src/stores/remote-stores.ts";
import type { RunLogStore } from "../../src/stores/run-log-store.ts";

/** As services open it: nothing is looked up before it is used. */
export function openS3RunLog(settings: S3Settings, access: RemoteAccess): RunLogStore {
  return lazyRunLogStore("s3", () => remote.openS3RunLog(settings, access));
}

export function openS3Catalog(settings: S3Settings, access: RemoteAccess): CatalogStore {
  return lazyCatalog("s3", () => remote.openS3Catalog(settings, access));
}
