import { exitCode } from "../protocol/exit-codes.ts";
import { foldRun } from "../run-log/fold.ts";
import { failureLine, whyFailed } from "../run-log/why-failed.ts";
import { readEvents } from "../runtime/event-writer.ts";
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
