import type { Event } from "../../protocol/event.ts";
import { blobKey, checkedRunId } from "../contract/run-log-names.ts";
import { type RunLog, type RunLogStore, wholeContent } from "../contract/run-log-store.ts";

/** Run logs in memory: they end with the process. */
export function bufferedRunLogStore(): RunLogStore {
  const runs = new Map<string, RunLog>();
  const open = (run: string): RunLog => {
    const log = runs.get(run) ?? bufferedRunLog(checkedRunId(run, "memory"));
    runs.set(run, log);
    return log;
  };
  return {
    name: "buffered (memory)",
    create: async (run) => (runs.has(run) ? null : open(run)),
    open,
    exists: async (run) => runs.has(run),
    list: async () => [...runs.keys()].reverse(),
    remove: async (run) => {
      runs.delete(run);
    },
  };
}

function bufferedRunLog(run: string): RunLog {
  const events = new Map<string, Event>();
  const claims = new Set<string>();
  const blobs = new Map<string, Uint8Array>();
  return {
    run,
    append: async (batch) => {
      for (const event of batch) events.set(event.id, event);
    },
    read: async () => [...events.values()],
    claim: async (name) => !claims.has(name) && claims.add(name) !== undefined,
    putIfAbsent: async (key, content) => {
      if (blobs.has(blobKey(key))) return false;
      blobs.set(key, wholeContent(content));
      return true;
    },
    get: async (key) => blobs.get(key) ?? null,
    list: async (prefix) => [...blobs.keys()].filter((key) => key.startsWith(prefix)).sort(),
    delete: async (key) => {
      blobs.delete(key);
    },
  };
}
