import type { Value, ValueObject } from "../expressions/expression-data.ts";
import type { JobEnd } from "../workflow/workflow-end.ts";
import type { WorkflowJob } from "../workflow/workflow-file.ts";

/** One job as it runs: the only one, or one of its matrix. */
export interface Leg {
  readonly job: WorkflowJob;
  readonly index: number;
  /** {@link JobEnd.path} */
  readonly path: string;
  readonly name: string;
  readonly matrix?: ValueObject;
  /** `github`, `needs`, `strategy`, `matrix`, `inputs`, `vars`. */
  readonly contexts: { readonly [name: string]: Value };
}
