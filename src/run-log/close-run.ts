import type { StepSpec } from "../protocol/step-spec.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { type EventWriter, openEventWriter, readEvents } from "./record/event-writer.ts";
import { lossesAtEnd } from "./replay/lost.ts";
import { foldRun } from "./views/fold.ts";
import type { RunView } from "./views/view.ts";

/**
 * Closes a run: declares lost what never finished (`mayBeLost`: what could have been, with its edges), records the outcome
 * and gives the run as it ended. `cancelled`: it was stopped, and what did not finish was to be so. Throws a StoreError.
 */
export async function closeRun(
  log: RunLog,
  mayBeLost: NonNullable<StepSpec["mayBeLost"]>,
  cancelled: boolean,
  writer: EventWriter = openEventWriter(log),
): Promise<RunView> {
  let events = await readEvents(log);
  for (;;) {
    const losses = cancelled ? [] : lossesAtEnd(events, mayBeLost);
    if (losses.length === 0) break;
    await writer.write(...losses);
    events = await readEvents(log);
  }
  const outcome = foldRun(events).status === "success" ? "success" : "failed";
  const status = cancelled ? "cancelled" : outcome;
  await writer.write({ kind: "run.finished", data: { status, events: events.length + 1 } });
  return { ...foldRun(await readEvents(log)), status };
}
