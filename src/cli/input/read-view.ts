import { readRun } from "../../run-log/record/read-run.ts";
import { DamagedLogError } from "../../run-log/replay/damaged-log.ts";
import { foldRun } from "../../run-log/views/fold.ts";
import type { RunView } from "../../run-log/views/view.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";

/**
 * A run as it is shown, with what is damaged of its log. A run without events (its folder was made, its writer ended) still
 * has a name. Throws what {@link isUnreadable} knows.
 */
export async function readView(log: RunLog): Promise<RunView> {
  const { events, damage } = await readRun(log);
  return { ...foldRun(events), run: log.run, ...(damage.length === 0 ? {} : { damage }) };
}

/** The store cannot be read, or its events do not make a run. */
export function isUnreadable(error: unknown): error is StoreError | DamagedLogError {
  return error instanceof StoreError || error instanceof DamagedLogError;
}
