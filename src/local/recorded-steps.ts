import type { CatalogFile } from "../protocol/event.ts";
import { type Path, pathKey } from "../protocol/path.ts";
import type { Seed } from "../run-log/record/create-run.ts";
import type { StepResult } from "../runtime/attempt/step-run.ts";
import { present } from "../system/present.ts";

/** What a log says already when the run begins. */
export interface RecordedSteps {
  /** How a step ended that succeeded: it is not run. */
  result(path: Path): StepResult | undefined;
  /** The control of a composite, which is not computed again. */
  control(path: Path): string | undefined;
  /** The highest number of a step's attempts; 0: none. */
  attempts(path: Path): number;
}

export const nothingRecorded: RecordedSteps = {
  result: () => undefined,
  control: () => undefined,
  attempts: () => 0,
};

export function recordedSteps(seed: Seed): RecordedSteps {
  const results = new Map<string, StepResult>();
  const controls = new Map<string, string>();
  const attempts = new Map<string, number>();
  const files = new Map<string, readonly CatalogFile[]>();
  for (const event of seed) {
    if (!("path" in event)) continue;
    const key = pathKey(event.path);
    attempts.set(key, Math.max(attempts.get(key) ?? 0, event.attempt));
    if (event.kind === "control") controls.set(key, event.data.value);
    if (event.kind === "catalog.put") files.set(key, [...(files.get(key) ?? []), ...event.data.files]);
    if (event.kind !== "step.finished" || event.data.status !== "success") continue;
    const { status, delta = {}, control } = event.data;
    results.set(key, {
      status,
      attempt: event.attempt,
      delta,
      files: files.get(key) ?? [],
      ...present({ control }),
    });
  }
  return {
    result: (path) => results.get(pathKey(path)),
    control: (path) => controls.get(pathKey(path)),
    attempts: (path) => attempts.get(pathKey(path)) ?? 0,
  };
}
