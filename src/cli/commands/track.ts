import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import type { Parameters, Path } from "../../protocol/path.ts";
import { readEvents } from "../../run-log/record/read-events.ts";
import { indexEvents } from "../../run-log/replay/event-index.ts";
import { reachIn } from "../../run-log/replay/reach.ts";
import { readMlflowSettings } from "../../tracking/mlflow-settings.ts";
import { syncRun } from "../../tracking/sync-run.ts";
import { type RunsOptions, withRun } from "./runs.ts";

/** `magnus track sync`: tells the tracking server what it has not been told of a run. Exit 1 where it cannot be. */
export async function syncTracked(named: string, options: RunsOptions & { readonly json?: boolean }): Promise<number> {
  let failed = false;
  const code = await withRun(named, options, async (log, sink, { tracker }) => {
    const settings =
      tracker === undefined
        ? "none is configured; --set experiment_tracker.type=mlflow"
        : readMlflowSettings(tracker.server, process.env);
    if (typeof settings === "string") {
      sink.report("service-unusable", { cause: `experiment_tracker: ${settings}` });
      return;
    }
    try {
      const events = await readEvents(log);
      const { experiment, run, attempts, added } = await syncRun(settings, log.run, events, itemsAt(events));
      const text = `${log.run}: ${attempts} ${attempts === 1 ? "attempt" : "attempts"}, ${added} new; ${settings.url}/#/experiments/${experiment}/runs/${run}`;
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ run: log.run, experiment, mlflowRun: run, attempts, added })}\n`
          : `${text}\n`,
      );
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      process.stderr.write(
        `magnus: ${log.run} is not tracked: MLflow at ${new URL(settings.url).host}: ${error.message}\n`,
      );
      failed = true;
    }
  });
  return failed ? exitCode.failed : code;
}

/** The items and iterations around a step, by name; none where the log does not lead there. */
function itemsAt(events: readonly Event[]): (path: Path) => Parameters {
  const index = indexEvents(events);
  return (path) => {
    const { reach } = reachIn(index, path);
    return reach.state === "here" ? reach.items : {};
  };
}
