import type { DiagnosticOptions } from "../input/options.ts";
import { progressLines } from "./progress-lines.ts";
import { progressTree } from "./progress-tree.ts";
import type { Progress } from "./progress-view.ts";

export interface ProgressOptions extends DiagnosticOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A tree that is redrawn on a terminal, a line for each transition elsewhere, nothing where that is to keep silent. */
export function openProgress(stream: NodeJS.WriteStream, options: ProgressOptions): Progress {
  const { quiet, format, json, verbose } = options;
  if (quiet || format === "json") return { update: () => {}, output: () => {}, say: () => {}, close: () => {} };
  const redraws = stream.isTTY && process.env.TERM !== "dumb" && !json && !verbose;
  return redraws ? progressTree(stream) : progressLines(stream, verbose);
}
