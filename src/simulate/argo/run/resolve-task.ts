import { goJson } from "../expressions/go-json.ts";
import { type Scope, SubstitutionError, substitute } from "../expressions/substitute.ts";
import { evaluateWhen, WhenError } from "../expressions/when.ts";
import { isExpanded } from "../workflow/expand-items.ts";
import { readTask, type Task } from "../workflow/workflow.ts";
import { absentOptional } from "./process-arguments.ts";

/**
 * A task with what it refers to (dag.go, resolveDependencyReferences): `when` first, and nothing else where that is
 * false. Throws a {@link SubstitutionError}, {@link WhenError} or {@link WaitingError}.
 */
export function resolveTask(task: Task, scope: Scope): Task {
  const { when = "" } = task;
  const resolved: unknown = JSON.parse(substituteOrWait(goJson(when), scope));
  const resolvedWhen = typeof resolved === "string" ? resolved : "";
  if (!mayRun(resolvedWhen, isExpanded(task))) return { ...task, when: resolvedWhen };
  const marked = withoutAbsent(task, scope);
  return readTask(JSON.parse(substituteOrWait(goJson(marked), scope)));
}

function mayRun(when: string, expanded: boolean): boolean {
  try {
    return evaluateWhen(when);
  } catch (error) {
    // It may hold `{{item}}`, which comes later.
    if (expanded && error instanceof WhenError) return true;
    throw error;
  }
}

function substituteOrWait(json: string, scope: Scope): string {
  try {
    return substitute(json, scope, "tasks");
  } catch (error) {
    if (error instanceof SubstitutionError && error.missing !== undefined)
      throw new WaitingError(`refers to ${error.missing}, which does not exist`);
    throw error;
  }
}

/** Arguments that are the output of a task that did not run and has no default count as not given. */
function withoutAbsent(task: Task, scope: Scope): Task {
  const parameters = task.arguments?.parameters?.map((parameter) => {
    const [, name = ""] = /^\{\{([^{}]*)\}\}$/.exec(parameter.value ?? "") ?? [];
    return scope.get(name.trim()) === null ? { ...parameter, value: absentOptional } : parameter;
  });
  return parameters === undefined ? task : { ...task, arguments: { ...task.arguments, parameters } };
}

/** The controller tries again for ever: what a task refers to does not exist. */
export class WaitingError extends Error {}

export function skippedByWhen(
  when: string,
): { readonly phase: "Skipped" | "Error"; readonly message: string } | undefined {
  try {
    return evaluateWhen(when) ? undefined : { phase: "Skipped", message: `when '${when}' evaluated false` };
  } catch (error) {
    if (error instanceof WhenError) return { phase: "Error", message: error.message };
    throw error;
  }
}
