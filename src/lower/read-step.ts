import type * as z from "zod";
import { readShape } from "../schema/read-shape.ts";
import type { FieldsOf, Shape } from "../schema/shape.ts";
import { stepShapes } from "../schema/steps.ts";
import { type LoweringScope, type StepSource, stepLabel } from "./lowering-scope.ts";

/** The fields of a step; what is wrong is reported and missing. */
export function readStep<Fields extends z.ZodRawShape>(
  shape: Shape<Fields>,
  step: StepSource,
  { document, sink }: LoweringScope,
): FieldsOf<Fields> {
  return readShape(shape, step.container, {
    document,
    sink,
    what: stepLabel(step),
    span: step.nameSpan,
    remark: whereElse,
  });
}

/** For a key that is none of this step's: the types of steps that have it. */
function whereElse(key: string): string | undefined {
  const meant = otherTools.get(key);
  if (meant !== undefined) return meant;
  const types = Object.entries(stepShapes).filter(([type, { keys }]) => type !== "stub" && keys.includes(key));
  if (types.length === 0) return undefined;
  return `this key belongs to steps of type ${types.map(([type]) => type).join(" and ")}`;
}

const order =
  "a step names the one that follows it (`next`), or `steps` is a list, in order; to run steps at the same time, make them branches of a `type: parallel` step";
const condition = "whether a step runs is decided by `type: conditional`, after a failure by `on_failure`";
const items = "`type: map` runs a graph for each item of the parameter that `iterate_on` names";

/** Keys by which other tools say what a pipeline says in another way. */
const otherTools: ReadonlyMap<string, string> = new Map([
  ...["depends_on", "depends", "dependencies", "needs", "upstream", "after", "requires"].map(
    (key) => [key, order] as const,
  ),
  ...["when", "if", "condition", "only", "unless"].map((key) => [key, condition] as const),
  ...["with_items", "with_param", "foreach", "for_each", "matrix", "loop"].map((key) => [key, items] as const),
  ...["continue_on_error", "allow_failure", "ignore_errors", "trigger_rule"].map(
    (key) => [key, "to go on after a failure, name the step that follows it: `on_failure: STEP`"] as const,
  ),
  ...["working_dir", "working_directory", "cwd", "workdir"].map(
    (key) =>
      [key, "commands run in the folder in which magnus was started; start the command with `cd FOLDER`"] as const,
  ),
  ...["schedule", "cron"].map(
    (key) => [key, "a schedule is an option of a target: `targets.<name>.schedule`"] as const,
  ),
  ["with", "a task sees all parameters by name; set its own values under `env`"],
  ["artifacts", "declare files that pass between steps under `catalog: {get: […], put: […]}`"],
  ["volumes", "declare files that pass between steps under `catalog: {get: […], put: […]}`"],
]);
