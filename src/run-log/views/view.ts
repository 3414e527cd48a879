import type { CatalogFile, FailureReason, Link, LogStored, RunCreated } from "../../protocol/event.ts";
import type { Json, JsonObject } from "../../protocol/json.ts";
import type { Parameters, Path } from "../../protocol/path.ts";
import type { NodeStatus } from "../replay/node-status.ts";

export type RunStatus = NodeStatus;

/** A run as its events tell it: what is shown, exported and compared. Steps that the token did not reach are absent. */
export interface RunView {
  readonly run: string;
  readonly created?: RunCreated["data"];
  readonly status: RunStatus;
  /** What the root's path published over the initial parameters. */
  readonly parameters: Parameters;
  /** In the order of the token. */
  readonly steps: readonly StepView[];
  /** The terminal that the root reached. */
  readonly end?: { readonly end: "success" | "fail"; readonly name: string };
  readonly warnings: readonly string[];
  /** What of the log is missing or damaged, a line each; absent: nothing. */
  readonly damage?: readonly string[];
  /** Pages of the run on its platform, each once; absent: it told none. */
  readonly links?: readonly Link[];
  /** ISO times of the first and last event, for people. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface StepView {
  /** Its last element carries no selector. */
  readonly path: Path;
  readonly kind: string;
  readonly status: NodeStatus;
  /** Leaves. Every record, earlier rounds first; the last decides. */
  readonly attempts: readonly AttemptView[];
  readonly delta: Parameters;
  readonly files: readonly CatalogFile[];
  /** Composites: the graphs that were entered, in declared, item or iteration order. */
  readonly graphs: readonly GraphView[];
  /** Composites: the recorded control and, for a fault, why. */
  readonly control?: { readonly value: string; readonly reason?: FailureReason; readonly message?: string };
  /** Gathers of a composite with the index of the iteration that they close (`open`: none). */
  readonly gathers: readonly {
    readonly gather: "open" | "close";
    readonly index?: number;
    readonly attempts: readonly AttemptView[];
  }[];
}

export interface GraphView {
  readonly branch?: string;
  readonly index?: number;
  readonly key?: string;
  /** map: the item. */
  readonly item?: Json;
  readonly status: NodeStatus;
  readonly steps: readonly StepView[];
  readonly end?: { readonly end: "success" | "fail"; readonly name: string };
}

export interface AttemptView {
  readonly attempt: number;
  readonly round: number;
  readonly status: NodeStatus;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: FailureReason;
  readonly message?: string;
  readonly startedAt?: string;
  readonly durationMs?: number;
  readonly delta: Parameters;
  readonly metrics: readonly { readonly metrics: JsonObject; readonly step?: number }[];
  readonly put: readonly CatalogFile[];
  readonly got: readonly CatalogFile[];
  readonly log?: LogStored["data"];
  /** Why nothing of what was printed is stored, or not its end. */
  readonly logProblem?: string;
  readonly warnings: readonly string[];
  readonly command?: string;
}
