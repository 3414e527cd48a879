import type { Tracker, Tracking } from "./tracker.ts";

/** A tracker that cannot be opened is a warning: no run fails of it. */
export async function openTracker(tracking: Tracking): Promise<Tracker | undefined> {
  try {
    // Bundled apart from the shim, as dist/tracker.cjs.
    return (await import("./mlflow-tracker.ts")).openMlflowTracker(tracking);
  } catch (error) {
    tracking.warn(`no experiment tracking: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
