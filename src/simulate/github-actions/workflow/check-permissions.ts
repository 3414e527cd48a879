import { isMapping } from "@actions/workflow-parser";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { fields, textOf } from "./read-fields.ts";
import type { Problem } from "./workflow-end.ts";
import type { WorkflowFile } from "./workflow-file.ts";

/** What a token may do: levels of the scopes that are named, and of all others. */
interface Permissions {
  readonly scopes: ReadonlyMap<string, Level>;
  readonly others: Level;
}

const levels = ["none", "read", "write"] as const;
type Level = (typeof levels)[number];

/**
 * A job of a called workflow cannot ask for more than the calling job has; GitHub does not start a run in which one
 * does (docs.github.com, "Reuse workflows"). Where nothing is said, the repository's settings decide, and nothing is
 * checked.
 */
export function permissionProblems(
  top: WorkflowFile,
  workflows: ReadonlyMap<string, WorkflowFile>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const pending: { readonly workflow: WorkflowFile; readonly allowed: Permissions | undefined }[] = [
    { workflow: top, allowed: undefined },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { workflow, allowed } = next;
    for (const job of workflow.jobs) {
      const asked = permissionsOf(job.permissions ?? workflow.permissions);
      problems.push(...excess(workflow, job.id, asked, allowed));
      const callee = job.work.kind === "call" ? workflows.get(job.work.workflow.replace(/^\.\//, "")) : undefined;
      const granted = asked ?? allowed;
      const key = `${callee?.path} ${printed(granted)}`;
      if (callee === undefined || seen.has(key)) continue;
      seen.add(key);
      pending.push({ workflow: callee, allowed: granted });
    }
  }
  return problems;
}

function permissionsOf(token: TemplateToken | undefined): Permissions | undefined {
  if (token === undefined) return undefined;
  if (isMapping(token))
    return { scopes: new Map(fields(token).map(([scope, level]) => [scope, levelOf(textOf(level))])), others: "none" };
  return { scopes: new Map(), others: levelOf(textOf(token)?.replace("-all", "")) };
}

function levelOf(text: string | undefined): Level {
  return levels.find((level) => level === text) ?? "none";
}

function excess(
  workflow: WorkflowFile,
  job: string,
  asked: Permissions | undefined,
  allowed: Permissions | undefined,
): readonly Problem[] {
  if (asked === undefined || allowed === undefined) return [];
  const scopes = [...new Set([...asked.scopes.keys(), ...allowed.scopes.keys()])];
  const beyond = (wanted: Level, granted: Level): boolean => levels.indexOf(wanted) > levels.indexOf(granted);
  const problem = (scope: string, wanted: Level, granted: Level): Problem => ({
    file: workflow.path,
    message: `The nested job '${job}' is requesting '${scope}: ${wanted}', but is only allowed '${scope}: ${granted}'`,
  });
  const named = scopes.flatMap((scope) => {
    const wanted = asked.scopes.get(scope) ?? asked.others;
    const granted = allowed.scopes.get(scope) ?? allowed.others;
    return beyond(wanted, granted) ? [problem(scope, wanted, granted)] : [];
  });
  return beyond(asked.others, allowed.others) ? [problem("all others", asked.others, allowed.others), ...named] : named;
}

function printed(permissions: Permissions | undefined): string {
  return permissions === undefined ? "" : JSON.stringify([permissions.others, ...[...permissions.scopes].sort()]);
}
