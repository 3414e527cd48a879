import type { BlobStore } from "../../stores/contract/run-log-store.ts";

/** Where what was printed after the log `key` was stored is kept until the whole log is stored anew: part 0, 1, … */
export function partKey(key: string, part: number): string {
  return `${key}.${`${part}`.padStart(3, "0")}`;
}

/** A stored log with its parts: all that is kept of a step that runs, or that was killed. Null where there is none. */
export async function readStoredLog(log: BlobStore, key: string): Promise<Uint8Array | null> {
  const whole = await log.get(key);
  if (whole === null) return null;
  const keys = [...(await log.list(`${key}.`))].sort();
  const parts = await Promise.all(keys.map((part) => log.get(part)));
  return Buffer.concat([whole, ...parts.filter((part) => part !== null)]);
}
