import type { LocalOutcome } from "../../local/run-pipeline.ts";
import { type JsonObject, printJson } from "../../protocol/json.ts";
import { displayPath } from "../../protocol/path.ts";
import { lastLines } from "../../run-log/record/log-lines.ts";
import { readEvents } from "../../run-log/record/read-events.ts";
import { foldRun } from "../../run-log/views/fold.ts";
import { printTree } from "../../run-log/views/print-tree.ts";
import type { RunView } from "../../run-log/views/view.ts";
import { failureLine, whyFailed } from "../../run-log/views/why-failed.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { present } from "../../system/present.ts";
import { shellWord } from "../../system/shell-quote.ts";
import { visible } from "../../system/visible.ts";
import type { DiagnosticOptions } from "../input/options.ts";
import { painter } from "./terminal.ts";

/** Says how a run ended: the outcome as JSON where that was asked for; for people the tree, and why it failed. */
export async function printEnd(
  log: RunLog,
  outcome: LocalOutcome,
  { json, quiet, format }: DiagnosticOptions & { readonly json?: boolean },
): Promise<void> {
  // Read back instead of kept: the more memory a process holds, the longer every start of a command takes.
  const view = { ...foldRun(await readEvents(log)), status: outcome };
  const { run, status, parameters } = view;
  const failure = status === "failed" ? { failure: failureOf(view) } : {};
  if (json) process.stdout.write(`${printJson({ run, status, parameters, ...failure })}\n`);
  if (format === "json") return;
  if (quiet !== true) process.stderr.write(`\n${printTree(view, { paint: painter(process.stderr) })}\n`);
  if (status === "failed") process.stderr.write(`${quiet === true ? "" : "\n"}${await explain(view, log)}\n`);
}

/** The step because of which it failed, as `magnus runs log` takes it, and why. */
function failureOf(view: RunView): JsonObject {
  const { path, message } = whyFailed(view);
  return { ...present({ step: path && displayPath(path) }), message };
}

/** Where it failed, the end of what was printed there, and how to see more. */
async function explain(view: RunView, log: RunLog): Promise<string> {
  const failure = whyFailed(view);
  const stored = failure.log === undefined ? null : await log.get(failure.log.key);
  const tail = stored === null ? [] : lastLines(stored, 20).map((line) => `  | ${line}`);
  const step = failure.path === undefined ? "" : shellWord(displayPath(failure.path));
  const more = tail.length === 0 ? [] : [`  more: magnus runs log ${view.run} ${step}`];
  return [visible(failureLine(failure)), ...tail, ...more].join("\n");
}
