import type { EventBody } from "../../protocol/event.ts";
import { printJson } from "../../protocol/json.ts";
import type { TaskSpec } from "../../protocol/step-spec.ts";
import { present } from "../../system/present.ts";
import type { Staged } from "./stage-attempt.ts";
import type { Head, StepServices } from "./step-run.ts";

/** Events tell the command's beginning only. Characters. */
const maxCommand = 4096;

/** What is recorded before the command of an attempt starts. */
export function startOf(
  head: Head,
  task: TaskSpec,
  { warnings, got, redactor }: Staged,
  { pid }: StepServices,
): readonly EventBody[] {
  const whole = typeof task.command === "string" ? task.command : printJson(task.command);
  const command = redactor.redact(whole.length > maxCommand ? `${whole.slice(0, maxCommand)}...` : whole);
  return [
    ...warnings.map((message): EventBody => warning(head, redactor.redact(message))),
    ...(got.length === 0 ? [] : [{ kind: "catalog.get", ...head, data: { files: got } } as const]),
    {
      kind: "step.started",
      ...head,
      data: { command, commandType: task.type, ...present({ pid }) },
    },
  ];
}

export function warning(head: Head, message: string): EventBody {
  return { kind: "warning", ...head, data: { message } };
}
