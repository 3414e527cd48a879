import type { Event } from "../protocol/event.ts";
import type { RunLog, RunLogStore } from "../stores/contract/run-log-store.ts";
import { inParallel } from "../system/limit.ts";

/**
 * Adds what a run has to another store: blobs first, since events name them, then the events that are not there. A copy that
 * was interrupted is completed by the next one; one that is complete changes nothing. Gives the events of the run and how
 * many were new.
 */
export async function copyRun(
  from: RunLog,
  into: RunLogStore,
): Promise<{ readonly events: readonly Event[]; readonly added: number }> {
  const events = await from.read();
  const log = (await into.create(from.run)) ?? into.open(from.run);
  for (const prefix of ["logs/", "values/"]) {
    const there = new Set(await log.list(prefix));
    const missing = (await from.list(prefix)).filter((key) => !there.has(key));
    await inParallel(8, missing, async (key) => {
      const content = await from.get(key);
      if (content !== null) await log.putIfAbsent(key, content);
    });
  }
  const known = new Set((await log.read()).map(({ id }) => id));
  const fresh = events.filter(({ id }) => !known.has(id));
  await log.append(fresh);
  return { events, added: fresh.length };
}
