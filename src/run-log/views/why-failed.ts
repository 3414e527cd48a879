import { displayPath, type Path } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";
import type { AttemptView, GraphView, RunView, StepView } from "./view.ts";

/** The innermost step because of which a run failed. */
export interface Failure {
  /** Absent: no step failed, the token went to a fail terminal. */
  readonly path?: Path;
  /** For people; may have several lines. */
  readonly message: string;
  /** Of the attempt that failed, where it printed something. */
  readonly log?: AttemptView["log"];
}

/** Why a run that is over did not succeed. Failures that were handled, and did not matter in the end, are passed over. */
export function whyFailed(view: RunView): Failure {
  return ofGraph(view) ?? { message: "nothing ran" };
}

function ofGraph({ steps, end }: Pick<GraphView | RunView, "steps" | "end">): Failure | undefined {
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  if (last.status !== "success") return ofStep(last);
  const terminal = end === undefined ? "fail" : end.name;
  const name = last.path.at(-1)?.node ?? "";
  // What the last step handles, or handles in the end, is why it ran at all.
  const handled = steps.findLast((step) => step.status !== "success");
  if (handled === undefined) return { message: `"${name}" goes on to "${terminal}", which ends it in failure` };
  const { message, ...rest } = ofStep(handled);
  return { ...rest, message: `${message}; it was handled, but "${name}" goes on to "${terminal}"` };
}

function ofStep({ path, control, graphs, attempts, status }: StepView): Failure {
  if (control?.value === "fault") return { path, message: control.message ?? control.reason ?? "fault" };
  const failed = graphs.find((graph) => graph.status !== "success");
  const inner = failed === undefined ? undefined : ofGraph(failed);
  if (inner !== undefined) return inner.path === undefined ? { ...inner, path } : inner;
  const last = attempts.at(-1);
  const message = last?.message ?? last?.reason ?? (status === "lost" ? "it never finished" : status);
  return { path, message, ...present({ log: last?.log }) };
}

/** One line: `failed at train.oslo.fit: exit code 1`. */
export function failureLine({ path, message }: Failure): string {
  return path === undefined ? `failed: ${message}` : `failed at ${displayPath(path)}: ${message}`;
}
