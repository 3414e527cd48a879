import type { Event } from "../../protocol/event.ts";
import type { Path } from "../../protocol/path.ts";

/** How a run is shown while it goes on. */
export interface Progress {
  update(batch: readonly Event[]): void;
  /** What a step prints, as it comes; resolves when more can be taken. */
  output(path: Path, stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** A line about the run as a whole. */
  say(line: string): void;
  close(): void;
}
