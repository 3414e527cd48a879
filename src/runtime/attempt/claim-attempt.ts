import { type Path, pathKey } from "../../protocol/path.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";

/**
 * Takes the first attempt number of a leaf or gather that nobody has: exclusive among processes. `from`: numbers below
 * are known to be taken. Throws a StoreError.
 */
export async function claimAttempt(log: RunLog, path: Path, gather?: "open" | "close", from = 1): Promise<number> {
  const step = gather === undefined ? pathKey(path) : `${pathKey(path)} ${gather}`;
  for (let attempt = from; ; attempt++) if (await log.claim(`${step} ${attempt}`)) return attempt;
}
