/**
 * What the controller checks of a workflow before it runs it (workflow/validate): templates, tasks, parameters and tags
 * that exist. In: the workflow. Out: problems; with any it ends as Failed, without a pod.
 */

import { goJson } from "../expressions/go-json.ts";
import { parseExpression } from "../expressions/parse-expression.ts";
import { replaceTags, SubstitutionError } from "../expressions/substitute.ts";
import { ExpressionError, UnsupportedError } from "../expressions/tokenize-expression.ts";
import { ancestorsOf, type DagGraph, dagGraph, dependenciesIn } from "../workflow/dag-graph.ts";
import { isExpanded } from "../workflow/expand-items.ts";
import type { Problem } from "../workflow/finding.ts";
import { kindOf, type Parameter, type Task, type Template, type Workflow } from "../workflow/workflow.ts";

export function checkReferences({ spec }: Workflow): readonly Problem[] {
  const templates = new Map(spec.templates.map((template) => [template.name, template]));
  const parameters = new Set((spec.arguments?.parameters ?? []).map(({ name }) => name));
  const context: Context = { templates, parameters, problems: [] };
  checkTemplateName(context, spec.entrypoint, ["spec", "entrypoint"]);
  if (spec.onExit !== undefined) checkTemplateName(context, spec.onExit, ["spec", "onExit"]);
  checkInputs(context, spec.entrypoint, spec.arguments?.parameters ?? [], ["spec", "entrypoint"]);
  for (const [name, hook] of Object.entries(spec.hooks ?? {})) {
    const path = ["spec", "hooks", name];
    checkTemplateName(context, hook.template, [...path, "template"]);
    if (hook.expression === undefined) add(context, path, "Expression required");
  }
  for (const [i, template] of spec.templates.entries()) checkTemplate(context, template, ["spec", "templates", i]);
  return context.problems;
}

interface Context {
  readonly templates: ReadonlyMap<string, Template>;
  readonly parameters: ReadonlySet<string>;
  readonly problems: Problem[];
}

function add({ problems }: Context, path: Problem["path"], message: string): void {
  problems.push({ path, message });
}

function checkTemplateName(context: Context, name: string, path: Problem["path"]): void {
  if (!context.templates.has(name)) add(context, path, `template name '${name}' undefined`);
}

/** Every input of a template is given, or has a default. */
function checkInputs(context: Context, template: string, given: readonly Parameter[], path: Problem["path"]): void {
  const names = new Set(given.map(({ name }) => name));
  for (const input of context.templates.get(template)?.inputs?.parameters ?? [])
    if (!names.has(input.name) && input.default === undefined && input.value === undefined)
      add(context, path, `inputs.parameters.${input.name} of template ${template} was not supplied`);
}

function checkTemplate(context: Context, template: Template, path: Problem["path"]): void {
  const bodies = [template.dag, template.steps, template.container, template.suspend].filter(
    (body) => body !== undefined,
  );
  if (bodies.length !== 1)
    add(context, path, `templates.${template.name} has ${bodies.length} template types instead of one`);
  const known = new Set(["pod.name", "node.name", "tasks.name", "steps.name", "inputs.parameters", ...late]);
  for (const { name } of template.inputs?.parameters ?? []) known.add(`inputs.parameters.${name}`);
  for (const { name } of template.outputs?.parameters ?? []) known.add(`outputs.parameters.${name}.path`);
  const tasks = template.dag?.tasks ?? [];
  const graph = dagGraph(tasks);
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const [i, task] of tasks.entries())
    checkTask(context, { task, graph, byName, known, path: [...path, "dag", "tasks", i] });
  if (graph.order.length < byName.size || hasCycle(graph))
    add(context, [...path, "dag"], `templates.${template.name} sorting failed: Dependency cycle detected`);
  const { dag, outputs, steps, ...rest } = template;
  if (steps === undefined) checkTags(context, rest, known, path);
  else checkSteps(context, steps, path);
  const results = new Set(known);
  for (const { name, template: of } of tasks) addResults(context, results, "tasks", name, of);
  for (const { name, template: of } of (steps ?? []).flat()) addResults(context, results, "steps", name, of);
  (outputs?.parameters ?? []).forEach((output, i) => {
    checkTags(context, output, results, [...path, "outputs", "parameters", i]);
    checkOutput(context, template, output, [...path, "outputs", "parameters", i]);
  });
}

/** They come when the template runs. */
const late = "retries lastRetry.exitCode lastRetry.status lastRetry.duration lastRetry.message".split(" ");

function checkSteps(context: Context, steps: readonly (readonly Task[])[], path: Problem["path"]): void {
  for (const [i, group] of steps.entries())
    for (const [j, step] of group.entries()) {
      const at = [...path, "steps", i, j];
      checkTemplateName(context, step.template, [...at, "template"]);
      checkInputs(context, step.template, step.arguments?.parameters ?? [], at);
    }
}

interface TaskPlace {
  readonly task: Task;
  readonly graph: DagGraph;
  readonly byName: ReadonlyMap<string, Task>;
  readonly known: ReadonlySet<string>;
  readonly path: Problem["path"];
}

function checkTask(context: Context, { task, graph, byName, known, path }: TaskPlace): void {
  const { depends = "", dependencies = [] } = task;
  checkTemplateName(context, task.template, [...path, "template"]);
  checkInputs(context, task.template, task.arguments?.parameters ?? [], path);
  if (depends !== "" && dependencies.length > 0) add(context, path, "cannot use both 'depends' and 'dependencies'");
  for (const name of [...dependenciesIn(depends), ...dependencies])
    if (!byName.has(name)) add(context, [...path, "depends"], `dependency '${name}' not defined`);
  checkDepends(context, depends, [...path, "depends"]);
  const several = [task.withItems, task.withParam, task.withSequence].filter((each) => each !== undefined);
  if (several.length > 1) add(context, path, "only one of withItems, withParam, withSequence can be specified");
  if (!goJson(task).includes("{{")) return;
  const names = new Set(known);
  if (isExpanded(task)) names.add("item");
  for (const name of ancestorsOf(graph, task.name))
    addResults(context, names, "tasks", name, byName.get(name)?.template ?? "");
  checkTags(context, task, names, path);
}

const results = /^(Succeeded|Failed|Skipped|Omitted|Errored|Daemoned|AnySucceeded|AllFailed)$/;

function checkDepends(context: Context, depends: string, path: Problem["path"]): void {
  if (depends === "") return;
  for (const [, task, result] of depends.matchAll(/([a-zA-Z0-9][-a-zA-Z0-9]*?)\.([A-Z][a-zA-Z]+)/g))
    if (!results.test(result ?? "")) add(context, path, `task result '${result}' for task '${task}' is invalid`);
  try {
    parseExpression(depends.replaceAll("-", "_"));
  } catch (error) {
    if (!(error instanceof ExpressionError) && !(error instanceof UnsupportedError)) throw error;
    add(context, path, `'${depends}' is not a valid expression: ${error.message}`);
  }
}

function addResults({ templates }: Context, names: Set<string>, kind: string, task: string, template: string): void {
  for (const field of "id startedAt finishedAt ip status hostNodeName exitCode outputs.result outputs.parameters".split(
    " ",
  ))
    names.add(`${kind}.${task}.${field}`);
  for (const { name } of templates.get(template)?.outputs?.parameters ?? [])
    names.add(`${kind}.${task}.outputs.parameters.${name}`);
}

/** Tags without an expression: each must have a meaning. */
function checkTags(context: Context, value: unknown, known: ReadonlySet<string>, path: Problem["path"]): void {
  try {
    replaceTags(goJson(value), (tag) => {
      if (!tag.startsWith("=") && !isKnown(context, tag.trim(), known))
        add(context, path, `failed to resolve {{${tag}}}`);
      return "";
    });
  } catch (error) {
    if (!(error instanceof SubstitutionError)) throw error;
    add(context, path, error.message);
  }
}

const workflowNames = /^workflow\.(?!parameters\.)/;

function isKnown({ parameters }: Context, tag: string, known: ReadonlySet<string>): boolean {
  if (known.has(tag) || workflowNames.test(tag) || tag.includes("{{")) return true;
  if (tag.startsWith("item.")) return known.has("item");
  if (tag.startsWith("workflow.parameters.")) return parameters.has(tag.slice("workflow.parameters.".length));
  return false;
}

function checkOutput(
  context: Context,
  template: Template,
  { name, valueFrom }: Parameter,
  path: Problem["path"],
): void {
  const kind = kindOf(template);
  if (valueFrom === undefined) add(context, path, `outputs.parameters.${name} does not have valueFrom specified`);
  else if (kind === "container" && valueFrom.path === undefined)
    add(context, path, `outputs.parameters.${name}.path must be specified for Container templates`);
  else if (kind === "dag" && valueFrom.parameter === undefined && valueFrom.expression === undefined)
    add(context, path, `outputs.parameters.${name}: parameter or expression must be specified for DAG templates`);
}

/** In the order, a task that stands before one of those that it needs. */
function hasCycle({ order, dependencies }: DagGraph): boolean {
  const rank = new Map(order.map((name, i) => [name, i]));
  return order.some((name, i) => (dependencies.get(name) ?? []).some((other) => (rank.get(other) ?? -1) > i));
}
