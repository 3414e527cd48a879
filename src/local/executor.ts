import type { Pipeline } from "../ir/pipeline.ts";
import type { Event } from "../protocol/event.ts";
import type { LeafRunner } from "./run-pipeline.ts";

/** Who runs the steps of a run on this machine. */
export interface Executor {
  /** Under which steps choose their overrides. */
  readonly name: string;
  /** The pipeline as it is run: with mocked steps, where that is the executor. */
  readonly pipeline: Pipeline;
  /** Steps at a time where the command line says nothing. */
  readonly jobs: number;
  /** Names of overrides whose composites run one branch or item after the other. */
  readonly oneAtATime: ReadonlySet<string>;
  /** Absent: steps run in this process. `seen` gets what they write into the run log elsewhere. */
  readonly openLeafRunner?: (seen: (events: readonly Event[]) => void) => LeafRunner;
}
