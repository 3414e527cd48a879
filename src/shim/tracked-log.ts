import type { EventBody } from "../protocol/event.ts";
import type { Services } from "../services/services.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { openTracker } from "../tracking/open-tracker.ts";
import type { Tracker } from "../tracking/tracker.ts";

/** The run log, and the tracker that sees what is appended to it; none where none is configured or can be opened. */
export async function trackedLog(
  log: RunLog,
  { tracker: settings }: Services,
  record: (warning: EventBody) => unknown = () => {},
): Promise<{ readonly log: RunLog; readonly tracker?: Tracker }> {
  if (settings === undefined) return { log };
  const tracker = await openTracker({
    ...settings,
    environment: process.env,
    log,
    warn: (message, attempt) => {
      process.stderr.write(`magnus: ${message}\n`);
      if (attempt === undefined) return;
      const { path, attempt: number, round } = attempt;
      record({ kind: "warning", path, attempt: number, round, data: { message } });
    },
  });
  if (tracker === undefined) return { log };
  const append: RunLog["append"] = async (events) => {
    await log.append(events);
    tracker.see(events);
  };
  return { log: { ...log, append }, tracker };
}
