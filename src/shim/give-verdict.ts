import { exitCode } from "../protocol/exit-codes.ts";
import { readSpec } from "../protocol/spec-text.ts";
import { foldRun } from "../run-log/fold.ts";
import { lossesAtEnd } from "../run-log/lost.ts";
import { printTree } from "../run-log/print-tree.ts";
import { openEventWriter, readEvents } from "../runtime/event-writer.ts";
import { openSession, readArguments, readText } from "./session.ts";

/** `verdict`: declares lost what never finished, closes the run, prints it, exits by its outcome. */
export async function giveVerdict(argv: readonly string[]): Promise<number> {
  const { values } = readArguments(argv, { spec: { type: "string" }, cancelled: { type: "boolean" } });
  const spec = values.spec === undefined ? undefined : readSpec(readText(String(values.spec)));
  const { run, services } = openSession();
  const log = services.runLogStore.open(run.id);
  const writer = openEventWriter(log);
  let events = await readEvents(log);
  const cancelled = values.cancelled === true;
  for (;;) {
    const losses = cancelled ? [] : lossesAtEnd(events, spec?.mayBeLost ?? []);
    if (losses.length === 0) break;
    await writer.write(...losses);
    events = await readEvents(log);
  }
  const view = foldRun(events);
  const status = cancelled ? "cancelled" : view.status === "success" ? "success" : "failed";
  await writer.write({ kind: "run.finished", data: { status } });
  process.stderr.write(`${printTree({ ...view, status })}\n`);
  return status === "success" ? exitCode.success : exitCode.failed;
}
