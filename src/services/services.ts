import type { CatalogStore } from "../stores/contract/catalog-store.ts";
import type { RunLogStore } from "../stores/contract/run-log-store.ts";
import type { Secrets } from "../stores/contract/secrets.ts";
import type { TrackerSettings } from "../stores/contract/tracker-settings.ts";

/** The opened services. Nothing is read or written before one of them is used. */
export interface Services {
  readonly runLogStore: RunLogStore;
  readonly catalog: CatalogStore;
  readonly secrets: Secrets;
  /** With which the others are reached; they must show nowhere, and whoever prints the services does not print them. */
  credentials(): readonly string[];
  /** Absent: metrics go to the run log only. */
  readonly tracker?: TrackerSettings;
  readonly isolate: "auto" | "always" | "never";
  /** Between TERM and KILL of a step that has to stop. Milliseconds. */
  readonly graceMs: number;
}
