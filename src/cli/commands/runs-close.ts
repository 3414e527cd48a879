import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { closeRun } from "../../run-log/close-run.ts";
import { readEvents } from "../../run-log/record/read-events.ts";
import { openEventWriter } from "../../run-log/record/write-events.ts";
import { lossesAtEnd } from "../../run-log/replay/lost.ts";
import { foldRun } from "../../run-log/views/fold.ts";
import { printTree } from "../../run-log/views/print-tree.ts";
import type { RunView } from "../../run-log/views/view.ts";
import { stateOf } from "../../runtime/given/process-place.ts";
import { painter } from "../output/terminal.ts";
import { type RunsOptions, withRun } from "./runs.ts";

/** `magnus runs close`: closes a run whose process is gone; `gone`: the user says so where it cannot be seen from here. */
export function closeRunOf(named: string, options: RunsOptions & { readonly gone?: boolean }): Promise<number> {
  return withRun(named, options, async (log, sink) => {
    const events = await readEvents(log);
    const view = { ...foldRun(events), run: log.run };
    const isClosed = events.some((event) => event.kind === "run.finished");
    // Also in a run that is closed a step may be left that had no time to say how it ended.
    const left = isClosed ? lossesAtEnd(events, []).filter(({ attempt }) => attempt > 0) : [];
    if ((!isClosed || left.length > 0) && !mayBeClosed(view, options.gone === true, sink)) return;
    if (left.length > 0) await openEventWriter(log).write(...left);
    const closed = isClosed ? { ...foldRun(await readEvents(log)), run: log.run } : await closeRun(log, [], false);
    process.stdout.write(`${printTree(closed, { paint: painter(process.stdout), most: 50 })}\n`);
  });
}

function mayBeClosed({ run, created }: RunView, saidGone: boolean, sink: DiagnosticSink): boolean {
  const owner = created?.owner;
  const state = owner === undefined ? "elsewhere" : stateOf(owner);
  if (state === "gone" || (state === "elsewhere" && saidGone)) return true;
  sink.report("run-not-left", { run, owner, isAlive: state === "alive", target: created?.target });
  return false;
}
