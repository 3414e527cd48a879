import type { CatalogStore } from "../../../src/stores/contract/catalog-store.ts";
import type { RemoteAccess } from "../../../src/stores/contract/remote-access.ts";
import type { RunLogStore } from "../../../src/stores/contract/run-log-store.ts";
import { lazyCatalog, lazyRunLogStore } from "../../../src/stores/remote/lazy-stores.ts";
import * as remote from "../../../src/stores/s3/open-s3.ts";
import type { S3Settings } from "../../../src/stores/s3/s3-settings.ts";

/** As services open it: nothing is looked up before it is used. */
export function openS3RunLog(settings: S3Settings, access: RemoteAccess): RunLogStore {
  return lazyRunLogStore("s3", () => remote.openS3RunLog(settings, access));
}

export function openS3Catalog(settings: S3Settings, access: RemoteAccess): CatalogStore {
  return lazyCatalog("s3", () => remote.openS3Catalog(settings, access));
}
