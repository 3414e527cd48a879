import type { TaskNode } from "../ir/pipeline.ts";
import type { StepSpec, TaskSpec } from "../protocol/step-spec.ts";
import { type SpecValues, saidFields } from "../protocol/task-fields.ts";

/** A step spec to which the plan still adds. */
export type MutableStepSpec = { -readonly [K in keyof StepSpec]: StepSpec[K] } & {
  mayBeLost?: NonNullable<StepSpec["mayBeLost"]>[number][];
};

/** What a shim needs of a task, defaults left out. */
export function taskSpec(node: TaskNode): TaskSpec {
  // The table of fields says so of each.
  const values = saidFields(node, ({ inSpec }) => inSpec === true) as SpecValues;
  return { type: node.commandType, command: node.command, ...values };
}
