import { permissionProblems } from "./check-permissions.ts";
import { field, fields, textOf } from "./read-fields.ts";
import { inputsOf, readWorkflow } from "./read-workflow.ts";
import type { Problem } from "./workflow-end.ts";
import type { WorkflowFile, WorkflowJob } from "./workflow-file.ts";

/** The workflow at the top counts as a level (docs.github.com, "Reuse workflows", limitations). */
export const levelLimit = 10;
export const uniqueLimit = 50;

export interface LoadedWorkflows {
  /** By path. */
  readonly workflows: ReadonlyMap<string, WorkflowFile>;
  readonly problems: readonly Problem[];
  readonly refusals: readonly Problem[];
}

/** Reads a workflow and all that it calls, directly or not, and checks the calls. */
export async function loadWorkflows(
  path: string,
  files: (path: string) => string | undefined,
): Promise<LoadedWorkflows> {
  const workflows = new Map<string, WorkflowFile>();
  const problems: Problem[] = [];
  const refusals: Problem[] = [];
  const unreadable = new Set<string>();
  const load = async (name: string, caller?: WorkflowFile): Promise<WorkflowFile | undefined> => {
    const known = workflows.get(name);
    if (known !== undefined || unreadable.has(name)) return known;
    const text = files(name);
    const read = text === undefined ? missing(name, caller) : await readWorkflow(name, text);
    problems.push(...read.problems);
    refusals.push(...read.refusals);
    if (read.workflow === undefined) unreadable.add(name);
    else workflows.set(name, read.workflow);
    return read.workflow;
  };
  await load(path);
  let level = new Set([path]);
  for (let depth = 1; level.size > 0; depth++) {
    const next = new Set<string>();
    for (const name of level) {
      const workflow = workflows.get(name);
      for (const job of workflow?.jobs ?? []) {
        const called = calledBy(job);
        if (workflow === undefined || called === undefined) continue;
        const callee = await load(called, workflow);
        if (callee !== undefined) problems.push(...callProblems(workflow, job, callee));
        next.add(called);
      }
    }
    if (depth === levelLimit && next.size > 0) {
      problems.push({ file: path, message: `Workflows call each other over more than ${levelLimit} levels` });
      break;
    }
    level = next;
  }
  problems.push(...problemsOfAll(path, workflows));
  return { workflows, problems: unique(problems), refusals };
}

/** What is wrong with the workflows together. */
function problemsOfAll(path: string, workflows: LoadedWorkflows["workflows"]): readonly Problem[] {
  const top = workflows.get(path);
  const permissions = top === undefined ? [] : permissionProblems(top, workflows);
  if (workflows.size <= uniqueLimit + 1) return permissions;
  const message = `${workflows.size - 1} workflows are called; at most ${uniqueLimit} can be`;
  return [...permissions, { file: path, message }];
}

function missing(path: string, caller: WorkflowFile | undefined) {
  const problem =
    caller === undefined
      ? { message: `There is no file ${path}` }
      : { file: caller.path, message: `The workflow that is called does not exist: ${path}` };
  return { problems: [problem], refusals: [], workflow: undefined };
}

function calledBy(job: WorkflowJob): string | undefined {
  return job.work.kind === "call" && job.work.workflow.startsWith("./") ? job.work.workflow.slice(2) : undefined;
}

function callProblems(caller: WorkflowFile, job: WorkflowJob, callee: WorkflowFile): readonly Problem[] {
  const problem = (message: string): Problem => ({ file: caller.path, message: `The job ${job.id}: ${message}` });
  if (job.work.kind !== "call") return [];
  if (!callee.events.has("workflow_call")) return [problem(`${callee.path} is not triggered by workflow_call`)];
  const given = fields(job.work.with).map(([name]) => name.toLowerCase());
  const inputs = inputsOf(callee, "workflow_call");
  const problems = inputs
    .filter((input) => input.required && !given.includes(input.name.toLowerCase()))
    .map((input) => problem(`the input ${input.name} of ${callee.path} is required and not given`));
  for (const name of given)
    if (!inputs.some((input) => input.name.toLowerCase() === name))
      problems.push(problem(`${callee.path} has no input ${name}`));
  if (job.work.secrets === "inherit") return problems;
  const secrets = fields(job.work.secrets).map(([name]) => name.toLowerCase());
  for (const [name, secret] of fields(field(callee.events.get("workflow_call"), "secrets")))
    if (textOf(field(secret, "required")) === "true" && !secrets.includes(name.toLowerCase()))
      problems.push(problem(`the secret ${name} of ${callee.path} is required and not given`));
  return problems;
}

/** A workflow that is reached on several levels is checked on each. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
