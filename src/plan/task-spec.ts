import type { TaskNode } from "../ir/pipeline.ts";
import type { StepSpec, TaskSpec } from "../protocol/step-spec.ts";

/** A step spec to which the plan still adds. */
export type MutableStepSpec = { -readonly [K in keyof StepSpec]: StepSpec[K] } & {
  mayBeLost?: NonNullable<StepSpec["mayBeLost"]>[number][];
};

/** What a shim needs of a task, defaults left out. */
export function taskSpec(node: TaskNode): TaskSpec {
  const { catalog } = node;
  return {
    type: node.commandType,
    command: node.command,
    ...(node.shell === undefined ? {} : { shell: node.shell }),
    ...(node.returns.length === 0 ? {} : { returns: node.returns }),
    ...(Object.keys(node.env).length === 0 ? {} : { env: node.env }),
    ...(node.secrets.length === 0 ? {} : { secrets: node.secrets }),
    ...(catalog.get.length + catalog.put.length === 0 ? {} : { catalog: patterns(catalog) }),
    ...(node.image === undefined ? {} : { image: node.image }),
    ...(node.timeoutMs === undefined ? {} : { timeoutMs: node.timeoutMs }),
    ...(node.maxAttempts === 1 ? {} : { maxAttempts: node.maxAttempts }),
    ...(node.backoff === undefined ? {} : { backoff: node.backoff }),
    ...(node.notebook === undefined ? {} : { notebook: node.notebook }),
  };
}

function patterns(catalog: TaskNode["catalog"]): NonNullable<TaskSpec["catalog"]> {
  return {
    ...(catalog.get.length === 0 ? {} : { get: catalog.get }),
    ...(catalog.put.length === 0 ? {} : { put: catalog.put }),
  };
}
