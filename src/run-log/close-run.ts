import type { Event } from "../protocol/event.ts";
import type { StepSpec } from "../protocol/step-spec.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { readEvents } from "./record/read-events.ts";
import { type EventWriter, openEventWriter } from "./record/write-events.ts";
import { lossesAtEnd } from "./replay/lost.ts";
import { foldRun } from "./views/fold.ts";
import type { RunStatus, RunView } from "./views/view.ts";

/**
 * Closes a run: declares lost what never finished (`mayBeLost`: what could have been, with its edges), records the outcome
 * and gives the run as it ended. `cancelled`: it was stopped, and what did not finish was to be so. Throws a StoreError.
 */
export async function closeRun(
  log: RunLog,
  mayBeLost: NonNullable<StepSpec["mayBeLost"]>,
  cancelled: boolean,
  writer: EventWriter = openEventWriter(log),
  tell?: (unrecorded: string) => void,
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
  await recordEnd(log, writer, { status, events: events.length + 1 }, tell);
  return { ...foldRun(await readEvents(log)), status };
}

/**
 * Records how a run ended. Where that cannot be written, and the log says it all the same, it is told instead (one line);
 * the run ended so. Else, and where there is nobody to tell, throws the StoreError.
 */
export async function recordEnd(
  log: RunLog,
  writer: EventWriter,
  data: Extract<Event, { kind: "run.finished" }>["data"] & { readonly status: RunStatus },
  tell?: (unrecorded: string) => void,
): Promise<void> {
  try {
    await writer.write({ kind: "run.finished", data });
  } catch (error) {
    if (tell === undefined || !(error instanceof StoreError)) throw error;
    if (foldRun(await readEvents(log)).status !== data.status) throw error;
    tell(`all of the run is recorded but its end (${error.message}); record that: magnus runs close ${log.run}`);
  }
}
