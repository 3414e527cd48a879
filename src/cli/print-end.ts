import { visible } from "../diagnostics/quote.ts";
import type { LocalOutcome } from "../local/run-pipeline.ts";
import type { Event } from "../protocol/event.ts";
import { printJson } from "../protocol/json.ts";
import { displayPath } from "../protocol/path.ts";
import { foldRun } from "../run-log/fold.ts";
import { printTree } from "../run-log/print-tree.ts";
import type { DiagnosticOptions } from "./options.ts";
import { shellWord } from "./shell-word.ts";
import { painter } from "./terminal.ts";

/** Says how a run ended: the outcome as JSON where that was asked for; for people the tree, and why it failed. */
export function printEnd(
  events: readonly Event[],
  outcome: LocalOutcome,
  { json, quiet, format }: DiagnosticOptions & { readonly json?: boolean },
): void {
  const view = { ...foldRun(events), status: outcome.status };
  const { run, status, parameters } = view;
  if (json) process.stdout.write(`${printJson({ run, status, parameters })}\n`);
  if (format === "json") return;
  if (quiet !== true) process.stderr.write(`\n${printTree(view, { paint: painter(process.stderr) })}\n`);
  if (status === "failed") process.stderr.write(`${quiet === true ? "" : "\n"}${whyFailed(run, events, outcome)}\n`);
}

function whyFailed(run: string, events: readonly Event[], { failure }: LocalOutcome): string {
  const fault = events.findLast((event) => event.kind === "control" && event.data.value === "fault");
  if (failure !== undefined) {
    const { path, result } = failure;
    const name = displayPath(path);
    const tail = result.logTail.map((line) => `  | ${line}`);
    const more = tail.length === 0 ? [] : [`  more: magnus runs log ${run} ${shellWord(name)}`];
    return [`failed at ${visible(name)}: ${visible(result.message ?? result.reason ?? "")}`, ...tail, ...more].join(
      "\n",
    );
  }
  if (fault?.kind === "control") {
    return `failed at ${visible(displayPath(fault.path))}: ${visible(fault.data.message ?? fault.data.reason ?? "")}`;
  }
  return "failed: it ended at a fail terminal";
}
