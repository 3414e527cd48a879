import { isObject, parseJson } from "../../src/protocol/json.ts";
import type { EmitContext, OutputFile } from "../../src/target/target.ts";

/** What the shim loads from beside itself where the services ask for it: what reaches a tracking server. */
export function besideShim({ services, program }: EmitContext<unknown>): readonly OutputFile[] {
  const spec = parseJson(services ?? "{}");
  const tracker = isObject(spec) ? (spec.experiment_tracker ?? null) : null;
  const tracked = isObject(tracker) && tracker.type === "mlflow";
  return tracked ? [{ path: ".github/magnus/tracker.cjs", content: program("tracker.cjs") }] : [];
}
