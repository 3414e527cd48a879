/**
 * Stores that are loaded when they are first used: what reaches a server (`open-….ts` in a backend's folder) is a bundle of
 * its own, dist/stores.cjs, so that a step whose run log is a folder starts without it.
 */
import { ServiceError } from "../../protocol/services.ts";
import { errorCode } from "../../system/error-code.ts";
import { CatalogError } from "../contract/catalog-error.ts";
import type { CatalogStore } from "../contract/catalog-store.ts";
import { checkedRunId } from "../contract/run-log-names.ts";
import { type RunLog, type RunLogStore, wholeContent } from "../contract/run-log-store.ts";
import { StoreError } from "../contract/store-error.ts";
import { digestOf } from "../files/digest-file.ts";

export function lazyRunLogStore(name: string, load: () => Promise<RunLogStore>): RunLogStore {
  const use = onDemand(load);
  const open = (run: string): RunLog =>
    lazyRunLog(checkedRunId(run, name), () => use(async (store) => store.open(run)));
  return {
    name,
    create: async (run) => ((await use((store) => store.create(run))) === null ? null : open(run)),
    open,
    exists: (run) => use((store) => store.exists(run)),
    list: (order) => use((store) => store.list(order)),
    remove: (run) => use((store) => store.remove(run)),
    unproven: () => use(async (store) => store.unproven?.()),
    markProven: () => use(async (store) => store.markProven?.()),
    credentials: () => use(credentialsOf),
  };
}

function lazyRunLog(run: string, load: () => Promise<RunLog>): RunLog {
  const use = onDemand(load);
  return {
    run,
    append: (events) => use((log) => log.append(events)),
    read: (tell) => use((log) => log.read(tell)),
    claim: (name) => use((log) => log.claim(name)),
    putIfAbsent: (key, content) => {
      const whole = wholeContent(content);
      return use((log) => log.putIfAbsent(key, whole));
    },
    get: (key) => use((log) => log.get(key)),
    list: (prefix) => use((log) => log.list(prefix)),
    delete: (key) => use((log) => log.delete(key)),
  };
}

export function lazyCatalog(name: string, load: () => Promise<CatalogStore>): CatalogStore {
  const use = onDemand(load);
  return {
    name,
    keeps: true,
    putFile: (file) => use((catalog) => catalog.putFile(file)),
    digestFile: digestOf,
    getFile: (digest, file, options) => use((catalog) => catalog.getFile(digest, file, options)),
    credentials: () => use(credentialsOf),
  };
}

/** What a backend imports of the bundle. */
export async function fromServerStores<Openers>(bundle: Promise<Openers>): Promise<Openers> {
  try {
    return await bundle;
  } catch (error) {
    if (!/MODULE_NOT_FOUND$/.test(errorCode(error) ?? "")) throw error;
    throw new ServiceError("stores.cjs, which reaches what is on a server, is missing beside the shim; copy it there");
  }
}

async function credentialsOf(store: RunLogStore | CatalogStore): Promise<string> {
  return (await store.credentials?.()) ?? "";
}

/** Loads at the first use, once. */
function onDemand<Store>(load: () => Promise<Store>): <T>(work: (store: Store) => Promise<T>) => Promise<T> {
  let loaded: Promise<Store> | undefined;
  return async (work) => {
    try {
      loaded ??= load();
      return await work(await loaded);
    } catch (error) {
      throw adopted(error);
    }
  };
}

/** The other bundle has its own copies of these classes; here they are told by ours. */
function adopted(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "StoreError") return Object.setPrototypeOf(error, StoreError.prototype);
  if (error.name === "CatalogError") return Object.setPrototypeOf(error, CatalogError.prototype);
  return error;
}
