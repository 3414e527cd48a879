import { exitCode } from "../protocol/exit-codes.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import { foldRun } from "../run-log/views/fold.ts";
import { failureLine, whyFailed } from "../run-log/views/why-failed.ts";
import { openSession } from "../shim/session.ts";
import { addToSummary, annotate } from "./commands.ts";
import { printSummary } from "./summary.ts";

/** The run on its page: a summary, and an annotation where it failed. */
export async function tellVerdict(code: number): Promise<void> {
  const { run, services } = openSession();
  const view = foldRun(await readEvents(services.runLogStore.open(run.id)));
  addToSummary(printSummary(view));
  if (code !== exitCode.success && view.status !== "cancelled") annotate("magnus", failureLine(whyFailed(view)));
}
