import { quote } from "../diagnostics/quote.ts";
import type { TaskNode } from "../ir/pipeline.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isObject, type Json } from "../protocol/json.ts";
import type { CommandType } from "../protocol/step-spec.ts";
import type { ShapeOf } from "../schema/shape.ts";
import { taskShape } from "../schema/steps.ts";
import type { Span } from "../source/source-file.ts";
import { present } from "../system/present.ts";
import { type Edges, lowerBase } from "./lower-base.ts";
import { lowerFields, usualValues } from "./lower-fields.ts";
import { type LoweringScope, type StepSource, stepLabel } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

type TaskFields = ShapeOf<typeof taskShape>;

export function lowerTask(step: StepSource, edges: Edges, scope: LoweringScope): TaskNode {
  const { container } = step;
  const fields = readStep(taskShape, step, scope);
  const type = commandTypeOf(fields);
  const { shell, ...values } = { ...usualValues, ...lowerFields(fields, container, scope) };
  const notebook = type === "notebook" ? notebookOf(fields, step, scope) : undefined;
  checkUnused(type, step, scope);
  const node: TaskNode = {
    kind: "task",
    ...lowerBase(step, fields, edges),
    commandType: type,
    command: lowerCommand(fields.command ?? "", type, step, scope),
    ...values,
    ...(type === "shell" && shell !== undefined ? { shell } : {}),
    ...present({ notebook }),
  };
  // Of a command that could not be read, or whose type is not known, nothing more is said.
  const unknown = !fields.command_type && (container.command_type ?? null) !== null;
  if (unknown || !Object.hasOwn(container, "command") || fields.command === undefined)
    scope.shared.uncertain.keys.add(node);
  return node;
}

function commandTypeOf({ command_type: type }: TaskFields): CommandType {
  return type === null || type === undefined || type === "async-python" ? "python" : type;
}

/** A container has arguments, everything else a text; only a shell's text keeps its line breaks. */
function lowerCommand(
  command: string | readonly string[],
  type: CommandType,
  step: StepSource,
  { document, sink }: LoweringScope,
): TaskNode["command"] {
  const fits = (type === "container") === (typeof command !== "string");
  const missing = command === "" && !Object.hasOwn(step.container, "command");
  if (fits || missing) return typeof command === "string" && type !== "shell" ? command.trim() : command;
  sink.report("wrong-type", {
    label: `the command of ${stepLabel(step)}, a ${type} command,`,
    expected: type === "container" ? "a list of arguments" : "text",
    got: describeJson(command),
    remedy:
      type === "container"
        ? 'for example: ["python", "-m", "train"]'
        : "a list of arguments belongs to `command_type: container`",
    span: document.valueSpan(step.container, "command"),
  });
  return command;
}

/** `output_cell_tag` defaults to `magnus_output` where the notebook runs. */
function notebookOf(
  fields: TaskFields,
  { container }: StepSource,
  { document, sink }: LoweringScope,
): NonNullable<TaskNode["notebook"]> {
  const old = fields.command_config ?? {};
  if (fields.command_config) {
    sink.report("old-spelling", {
      label: '"command_config"',
      meaning: "keys of the step itself",
      instead: "its keys directly into the step",
      span: document.valueSpan(container, "command_config"),
    });
  }
  for (const [key, value] of [
    ["optional_ploomber_args", fields.optional_ploomber_args],
    ["command_config", old.optional_ploomber_args],
  ] as const) {
    if (isObject(value) && Object.keys(value).length > 0) reportPloomber(document.valueSpan(container, key), sink);
  }
  const outputPath = fields.notebook_output_path ?? textOf(old.notebook_output_path);
  const outputTag = fields.output_cell_tag ?? textOf(old.output_cell_tag);
  return { ...(outputPath ? { outputPath } : {}), ...(outputTag ? { outputTag } : {}) };
}

function reportPloomber(span: Span | undefined, sink: LoweringScope["sink"]): void {
  sink.report("ignored-key", {
    label: '"optional_ploomber_args"',
    why: "magnus does not run notebooks with ploomber",
    instead: "remove it",
    span,
  });
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Keys that only one type of command reads. */
const keysOfTypes: readonly (readonly [key: string, type: CommandType])[] = [
  ["notebook_output_path", "notebook"],
  ["output_cell_tag", "notebook"],
  ["optional_ploomber_args", "notebook"],
  ["shell", "shell"],
];

function checkUnused(type: CommandType, { container }: StepSource, { document, sink }: LoweringScope): void {
  for (const [key, only] of keysOfTypes) {
    const value = container[key];
    const idle =
      value === undefined || value === null || value === "" || (isObject(value) && Object.keys(value).length === 0);
    if (idle || type === only) continue;
    const instead = `remove it, or add \`command_type: ${only}\``;
    sink.report("ignored-key", {
      label: quote(key),
      why: `only ${only} commands use it`,
      instead,
      span: document.valueSpan(container, key),
    });
  }
}
