import type { AttemptEvent, CatalogFile, FailureReason, StepStatus } from "../../protocol/event.ts";
import type { Parameters, Path } from "../../protocol/path.ts";
import type { StepSpec } from "../../protocol/step-spec.ts";
import type { EventWriter } from "../../run-log/record/write-events.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import type { Secrets } from "../../stores/contract/secrets.ts";
import type { Variables } from "../../system/environment.ts";
import type { RunDirectory } from "../directory/run-directory.ts";
import type { Redactor } from "../masking/redactor.ts";

/** One leaf (or gather) that is to run now: what it is, where the token is, what it sees. */
export interface StepRun {
  readonly spec: StepSpec;
  /** The spec's path with the selectors of maps and loops filled in. */
  readonly path: Path;
  /** Visible parameters, enclosing items included. */
  readonly visible: Parameters;
  /** The enclosing items by `iterate_as`, outermost first (MAGNUS_MAP_VARIABLE). */
  readonly items: Parameters;
  /** Visible catalog files by name. */
  readonly files: ReadonlyMap<string, CatalogFile>;
  readonly round: number;
  /** Attempts that the platform made of it in this round, where it is the platform that repeats; absent: none. */
  readonly triesBefore?: number;
}

/** What all events of an attempt share. */
export type Head = Pick<AttemptEvent, "path" | "attempt" | "round" | "gather">;

/** Tells a tracking server of attempts. It never rejects, and resolves within seconds, whatever the server does. */
export interface AttemptTracker {
  /**
   * Announces an attempt that is about to start, with the enclosing items and iterations; gives variables by which its task
   * finds it there.
   */
  begin(attempt: Head, items: Parameters, stop: AbortSignal): Promise<Variables>;
  /** Records the metrics that a running task writes into its file, so that the server has them while it runs. */
  follow(file: string, attempt: Head, writer: EventWriter, redactor: Redactor): MetricsFollower;
}

export interface MetricsFollower {
  /** Ends it, before the file is read as a whole; how many of its metrics, from its beginning, are recorded. */
  stop(): Promise<number>;
}

/** What a step works with; the same for every step of a process. */
export interface StepServices {
  readonly run: { readonly id: string; readonly tag?: string };
  readonly log: RunLog;
  readonly writer: EventWriter;
  readonly catalog: CatalogStore;
  readonly secrets: Secrets;
  /** With which the stores are reached: masked in what any task prints. */
  readonly credentials: readonly string[];
  /** The folder in which magnus was started; commands run there unless the run has a directory of its own. Absolute. */
  readonly projectDir: string;
  /** Present where another run was working in the project's folder when this one began. */
  readonly runDirectory?: RunDirectory;
  readonly isolate: "auto" | "always" | "never";
  /** First number that is free for this step; exclusive among processes. */
  claimAttempt(path: Path, gather?: "open" | "close"): Promise<number>;
  /** The task's output as it comes, redacted; resolves when the sink can take more. */
  output(stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** Aborted with the signal's name as reason when the run is to stop: the child gets it, the attempt ends `cancelled`. */
  readonly stop: AbortSignal;
  /** A platform that stops a step gives it little time: its end is recorded before it has ended. */
  readonly recordsStopAtOnce?: boolean;
  /** Aborted to kill at once. */
  readonly kill?: AbortSignal;
  /** Recorded with each start; absent: nobody asks. */
  readonly pid?: number;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  /** A program that prints the run's log so far, and the services (MAGNUS_SERVICES) that it needs; absent: none can. */
  readonly runLogReader?: { readonly command: readonly string[]; readonly services: string };
  /** Experiment tracking beside the run log; absent: none. */
  readonly tracker?: AttemptTracker;
  /** What a running task printed is stored this often. Milliseconds; absent: a second. */
  readonly logIntervalMs?: number;
}

export interface StepResult {
  readonly status: StepStatus;
  /** The last attempt's number. */
  readonly attempt: number;
  readonly exitCode?: number;
  readonly reason?: FailureReason;
  /** For people, one line where possible. */
  readonly message?: string;
  /** What the step publishes; empty unless it succeeded. */
  readonly delta: Parameters;
  /** Files it put, whether it succeeded or not. */
  readonly files: readonly CatalogFile[];
  /** The control it computed, where its spec asks for one. */
  readonly control?: string;
}
