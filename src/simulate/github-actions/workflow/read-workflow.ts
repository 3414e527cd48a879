import { isBasicExpression, isMapping } from "@actions/workflow-parser";
import { convertWorkflowTemplate, ErrorPolicy } from "@actions/workflow-parser/model/convert";
import type { TemplateContext } from "@actions/workflow-parser/templates/template-context";
import { type MappingToken, TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { WORKFLOW_ROOT } from "@actions/workflow-parser/workflows/workflow-constants";
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import { field, fields, listOf, readCondition, textOf } from "./read-fields.ts";
import { readSteps } from "./read-steps.ts";
import { readTemplate } from "./read-template.ts";
import { isSupportedAction, isWithdrawn } from "./supported-actions.ts";
import type { Problem } from "./workflow-end.ts";
import type { InputDefinition, WorkflowFile, WorkflowJob } from "./workflow-file.ts";

/** A workflow file above this number of bytes never starts. */
export const fileLimit = 512_000;
/** The longest expression, in characters, also where a text with `${{ }}` in it becomes one. */
export const expressionLimit = 21_000;
/** The most inputs of `workflow_dispatch`. */
export const dispatchInputLimit = 25;

export interface ReadWorkflow {
  readonly workflow?: WorkflowFile;
  /** GitHub would not start the workflow. */
  readonly problems: readonly Problem[];
  /** It would, and the simulator cannot: actions of others. */
  readonly refusals: readonly Problem[];
}

/** Parses and checks one workflow file with the official parser, and the limits that the parser does not know. `mostValues`: GitHub's. */
export async function readWorkflow(path: string, text: string, mostValues?: number): Promise<ReadWorkflow> {
  const bytes = Buffer.byteLength(text);
  if (bytes > fileLimit)
    return failed({ file: path, message: `The file has ${bytes} bytes; GitHub starts none above ${fileLimit}` });
  const { context, value } = readTemplate(
    { name: path, content: text },
    getWorkflowSchema(),
    WORKFLOW_ROOT,
    mostValues,
  );
  // Checks needs, ids, calls and schedules; its typed result is not used.
  if (value !== undefined)
    await convertWorkflowTemplate(context, value, undefined, { errorPolicy: ErrorPolicy.TryConversion });
  const problems = [...parserProblems(path, context), ...(value === undefined ? [] : limitProblems(path, value))];
  if (problems.length > 0 || value === undefined || !isMapping(value)) return { problems, refusals: [] };
  const workflow = workflowOf(path, value, context);
  const late = [...parserProblems(path, context), ...dispatchProblems(workflow)];
  return late.length > 0 ? { problems: late, refusals: [] } : { workflow, problems: [], refusals: refusals(workflow) };
}

/** The inputs that an event of the workflow declares. */
export function inputsOf(
  workflow: WorkflowFile,
  event: "workflow_dispatch" | "workflow_call",
): readonly InputDefinition[] {
  return fields(field(workflow.events.get(event), "inputs")).map(([name, definition]) => ({
    name,
    type: inputType(textOf(field(definition, "type")), event),
    required: textOf(field(definition, "required")) === "true",
    default: field(definition, "default"),
    options: listOf(field(definition, "options")),
  }));
}

function failed(problem: Problem): ReadWorkflow {
  return { problems: [problem], refusals: [] };
}

function parserProblems(path: string, context: TemplateContext): readonly Problem[] {
  return context.errors.getErrors().map((error) => ({
    file: path,
    ...(error.range && { line: error.range.start.line, column: error.range.start.column }),
    message: error.rawMessage,
  }));
}

function limitProblems(path: string, root: TemplateToken): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [, token] of TemplateToken.traverse(root))
    if (isBasicExpression(token) && token.expression.length > expressionLimit)
      problems.push({
        file: path,
        ...(token.range && { line: token.range.start.line, column: token.range.start.column }),
        message: `The text becomes one expression of ${token.expression.length} characters; at most ${expressionLimit} are allowed`,
      });
  return problems;
}

function dispatchProblems(workflow: WorkflowFile): readonly Problem[] {
  const inputs = inputsOf(workflow, "workflow_dispatch").length;
  if (inputs <= dispatchInputLimit) return [];
  return [
    {
      file: workflow.path,
      message: `workflow_dispatch has ${inputs} inputs; at most ${dispatchInputLimit} are allowed`,
    },
  ];
}

function workflowOf(path: string, root: MappingToken, context: TemplateContext): WorkflowFile {
  const jobs = fields(root.find("jobs")).map(([id, token], index) => jobOf(id, index, token, context));
  return {
    path,
    name: textOf(root.find("name")) ?? path,
    events: eventsOf(root.find("on")),
    env: root.find("env"),
    defaults: root.find("defaults"),
    permissions: root.find("permissions"),
    jobs: inOrderOfNeeds(jobs),
  };
}

function eventsOf(on: TemplateToken | undefined): ReadonlyMap<string, TemplateToken | undefined> {
  if (on !== undefined && isMapping(on)) return new Map(fields(on));
  return new Map(listOf(on).map((name) => [name, undefined]));
}

/** `concurrency` makes no difference to one run by itself, so that nothing is said of it. */
const ignoredKeys = ["environment", "container", "services", "snapshot"];

function jobOf(id: string, index: number, token: TemplateToken, context: TemplateContext): WorkflowJob {
  const strategy = field(token, "strategy");
  const called = textOf(field(token, "uses"));
  const secrets = field(token, "secrets");
  return {
    id,
    index,
    needs: listOf(field(token, "needs")),
    condition: readCondition(context, field(token, "if")),
    name: field(token, "name"),
    matrix: field(strategy, "matrix"),
    failFast: field(strategy, "fail-fast"),
    maxParallel: field(strategy, "max-parallel"),
    continueOnError: field(token, "continue-on-error"),
    timeoutMinutes: field(token, "timeout-minutes"),
    env: field(token, "env"),
    defaults: field(token, "defaults"),
    outputs: field(token, "outputs"),
    permissions: field(token, "permissions"),
    ignored: ignoredKeys.filter((key) => field(token, key) !== undefined),
    work:
      called === undefined
        ? { kind: "steps", steps: readSteps(field(token, "steps"), context) }
        : {
            kind: "call",
            workflow: called,
            with: field(token, "with"),
            secrets: textOf(secrets) === "inherit" ? "inherit" : secrets,
          },
  };
}

/** The parser has refused cycles and names of jobs that do not exist. */
function inOrderOfNeeds(jobs: readonly WorkflowJob[]): readonly WorkflowJob[] {
  const byId = new Map(jobs.map((job) => [job.id.toLowerCase(), job]));
  const missing = new Map(jobs.map((job) => [job, job.needs.length]));
  const dependents = new Map<WorkflowJob, WorkflowJob[]>(jobs.map((job) => [job, []]));
  for (const job of jobs)
    for (const need of job.needs) {
      const needed = byId.get(need.toLowerCase());
      if (needed !== undefined) dependents.get(needed)?.push(job);
    }
  const order = jobs.filter((job) => job.needs.length === 0);
  // Grows while it is walked.
  for (const job of order)
    for (const dependent of dependents.get(job) ?? []) {
      const left = (missing.get(dependent) ?? 0) - 1;
      missing.set(dependent, left);
      if (left === 0) order.push(dependent);
    }
  return order;
}

function inputType(type: string | undefined, event: string): InputDefinition["type"] {
  switch (type) {
    case "number":
    case "boolean":
      return type;
    case "choice":
    case "environment":
      return event === "workflow_dispatch" ? type : "string";
    default:
      return "string";
  }
}

function refusals(workflow: WorkflowFile): readonly Problem[] {
  const problems: Problem[] = [];
  for (const job of workflow.jobs) {
    if (job.work.kind === "call") {
      if (!job.work.workflow.startsWith("./"))
        problems.push({
          file: workflow.path,
          message: `The job ${job.id} calls ${job.work.workflow}: only workflows of this repository (./…) can be simulated`,
        });
      continue;
    }
    for (const step of job.work.steps)
      if (step.work.kind === "uses" && isWithdrawn(step.work.action))
        problems.push({
          file: workflow.path,
          message: `The job ${job.id} uses ${step.work.action}: GitHub fails runs with versions of it before v4`,
        });
      else if (step.work.kind === "uses" && !isSupportedAction(step.work.action))
        problems.push({
          file: workflow.path,
          message: `The job ${job.id} uses ${step.work.action}: this action cannot be simulated`,
        });
  }
  return problems;
}
