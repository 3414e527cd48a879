import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CatalogStore } from "../contract/catalog-store.ts";
import { blobKey, claimFile } from "../contract/run-log-names.ts";
import type { RunLog, RunLogStore } from "../contract/run-log-store.ts";
import { StoreError } from "../contract/store-error.ts";
import { blobFile } from "./catalog.ts";

/**
 * A run log in files of which all that was recorded is on the disk before the store answers, so that it is there after a
 * loss of power (`durable: true`). What was not answered yet may be there, or in part: readers find what is damaged.
 */
export function durableRunLogStore(store: RunLogStore, root: string): RunLogStore {
  const sync = syncBelow(root);
  const open = (log: RunLog): RunLog => ({
    ...log,
    append: async (events) => {
      await log.append(events);
      for (const writer of new Set(events.map((event) => event.writer))) {
        sync(join(root, log.run, "events", `${claimFile(writer)}.ndjson`));
      }
    },
    putIfAbsent: async (key, content) => {
      const stored = await log.putIfAbsent(key, content);
      sync(join(root, log.run, blobKey(key)));
      return stored;
    },
  });
  return {
    ...store,
    open: (run) => open(store.open(run)),
    create: async (run) => {
      const log = await store.create(run);
      return log && open(log);
    },
  };
}

/** A catalog in files of which a file is on the disk before it counts as put. */
export function durableCatalog(catalog: CatalogStore, root: string): CatalogStore {
  const sync = syncBelow(root);
  return {
    ...catalog,
    putFile: async (file) => {
      const found = await catalog.putFile(file);
      sync(blobFile(root, found.digest));
      return found;
    },
  };
}

/** Syncs a file; where this process has not done so before, the folders too by which it is found, up to the root's own. */
function syncBelow(root: string): (file: string) => void {
  const known = new Set<string>();
  return (file) => {
    try {
      syncOne(file);
      for (let at = file; !known.has(at); at = dirname(at)) {
        known.add(at);
        syncOne(dirname(at));
        if (at === root) break;
      }
    } catch (error) {
      throw new StoreError("cannot write to the disk:", file, error);
    }
  };
}

/** What is only readable can be synced, too. */
function syncOne(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
