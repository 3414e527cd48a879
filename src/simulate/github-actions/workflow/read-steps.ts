import { isSequence } from "@actions/workflow-parser";
import type { TemplateContext } from "@actions/workflow-parser/templates/template-context";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { field, readCondition, textOf } from "./read-fields.ts";
import type { WorkflowStep } from "./workflow-file.ts";

/** The steps of a job or of a composite action. Steps without an id get one, as on GitHub: `__run`, `__run_2`. */
export function readSteps(token: TemplateToken | undefined, context: TemplateContext): readonly WorkflowStep[] {
  if (token === undefined || !isSequence(token)) return [];
  const counts = new Map<string, number>();
  return [...token].map((step) => {
    const action = textOf(field(step, "uses"));
    const script = field(step, "run");
    const given = textOf(field(step, "id"));
    return {
      id: given ?? madeUpId(action, counts),
      name: field(step, "name"),
      condition: readCondition(context, field(step, "if")),
      env: field(step, "env"),
      with: field(step, "with"),
      continueOnError: field(step, "continue-on-error"),
      timeoutMinutes: field(step, "timeout-minutes"),
      work:
        script === undefined
          ? { kind: "uses", action: action ?? "" }
          : { kind: "run", script, shell: field(step, "shell"), workingDirectory: field(step, "working-directory") },
    };
  });
}

function madeUpId(action: string | undefined, counts: Map<string, number>): string {
  const base = `__${action === undefined ? "run" : action.replace(/@.*$/, "").replace(/[^A-Za-z0-9]+/g, "_")}`;
  const count = (counts.get(base) ?? 0) + 1;
  counts.set(base, count);
  return count === 1 ? base : `${base}_${count}`;
}
