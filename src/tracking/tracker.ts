import type { Event } from "../protocol/event.ts";
import type { AttemptTracker, Head } from "../runtime/attempt/step-run.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import type { Environment } from "../system/environment.ts";

export interface Tracking {
  /** The configured server; absent: what MLflow's variables in `environment` say. */
  readonly server?: string;
  readonly environment: Environment;
  readonly log: RunLog;
  /** Called once where something could not be told; one line for people. */
  warn(message: string, attempt?: Head): void;
  /** Milliseconds; absent: 5 s. */
  readonly patienceMs?: number;
}

export interface Tracker extends AttemptTracker {
  /** Takes what was appended to the run log; returns at once. */
  see(events: readonly Event[]): void;
  /** Resolves when all is told, or given up: within the patience. */
  close(): Promise<void>;
}
