import type { Event } from "../protocol/event.ts";
import type { Path } from "../protocol/path.ts";
import type { DiagnosticOptions } from "./options.ts";
import { progressLines } from "./progress-lines.ts";
import { progressTree } from "./progress-tree.ts";

/** How a run is shown while it goes on. */
export interface Progress {
  update(batch: readonly Event[]): void;
  /** What a step prints, as it comes; resolves when more can be taken. */
  output(path: Path, stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** A line about the run as a whole. */
  say(line: string): void;
  close(): void;
}

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
