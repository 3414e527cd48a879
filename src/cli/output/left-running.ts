import type { RunView } from "../../run-log/views/view.ts";
import { stateOf } from "../../runtime/given/process-place.ts";
import { shellWord } from "../../system/shell-quote.ts";

/** What to do with a run that seems to run and whose process is known to be gone; undefined: nothing. */
export function leftRunning({ run, status, created }: RunView): string | undefined {
  const owner = created?.owner;
  if (status !== "running" || owner === undefined || stateOf(owner) !== "gone") return undefined;
  return `run ${run} was killed (process ${owner.pid} on ${owner.host} is gone); close it: magnus runs close ${shellWord(run)}`;
}
