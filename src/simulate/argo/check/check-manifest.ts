/**
 * What `argo lint`, the API server and the controller say about a file, and what only shows when it runs. In: the text of
 * a manifest. Out: the workflow in it, if it can be run, and findings with their places.
 */

import { namesIn, visit } from "../expressions/evaluate-expression.ts";
import { isFunctionName, knownFunctions } from "../expressions/expression-functions.ts";
import { parseExpression, predicateFunctions } from "../expressions/parse-expression.ts";
import { ExpressionError, UnsupportedError } from "../expressions/tokenize-expression.ts";
import type { Finding, Problem } from "../workflow/finding.ts";
import { isObject, type Manifest, type Path, readManifests } from "../workflow/read-manifest.ts";
import { type Workflow, workflowSchema } from "../workflow/workflow.ts";
import { checkFields } from "./check-fields.ts";
import { checkNames } from "./check-names.ts";
import { checkReferences } from "./check-references.ts";
import { checkTypes } from "./check-types.ts";

export interface CheckedManifest {
  /** Undefined where the findings say why. */
  readonly workflow: Workflow | undefined;
  readonly findings: readonly Finding[];
}

/** A Workflow; or a WorkflowTemplate, or what a CronWorkflow starts. Other documents are left alone. */
export function checkManifest(text: string): CheckedManifest {
  const { manifests, findings } = readManifests(text);
  if (findings.length > 0) return { workflow: undefined, findings };
  const chosen = choose(manifests);
  if (chosen === undefined) {
    const message = "the file holds no Workflow, WorkflowTemplate or CronWorkflow with a spec";
    return { workflow: undefined, findings: [{ message, line: 1, column: 1 }] };
  }
  const { value, placeOf } = chosen;
  const found = (problems: readonly Problem[]): readonly Finding[] =>
    problems.map(({ path, message }) => ({ message, ...placeOf(path) })).sort((a, b) => a.line - b.line);
  const types = checkTypes(value);
  const known = new Set(types.map(keyOfProblem));
  // What is unknown to both is told once.
  const fields = [...types, ...checkFields(value).filter((problem) => !known.has(keyOfProblem(problem)))];
  const parsed = workflowSchema.safeParse(value);
  if (fields.length > 0 || !parsed.success) {
    const shapes = parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => ({ path: pathOf(path), message }));
    return { workflow: undefined, findings: found([...fields, ...shapes]) };
  }
  const workflow = parsed.data;
  const problems = [
    ...checkSize(value),
    ...checkNames(workflow),
    ...checkReferences(workflow),
    ...checkExpressions(value),
  ];
  return { workflow: problems.length > 0 ? undefined : workflow, findings: found(problems) };
}

interface Chosen {
  readonly value: { readonly [field: string]: unknown };
  readonly placeOf: Manifest["placeOf"];
}

function choose(manifests: readonly Manifest[]): Chosen | undefined {
  for (const kind of ["Workflow", "WorkflowTemplate"]) {
    const found = manifests.find((manifest) => manifest.kind === kind);
    if (found !== undefined) return found;
  }
  const cron = manifests.find(({ kind }) => kind === "CronWorkflow");
  const spec = isObject(cron?.value.spec) ? cron.value.spec.workflowSpec : undefined;
  if (cron === undefined || spec === undefined) return undefined;
  return {
    value: { ...cron.value, spec },
    placeOf: ([first, ...rest]) =>
      cron.placeOf(first === undefined ? [] : first === "spec" ? ["spec", "workflowSpec", ...rest] : [first, ...rest]),
  };
}

function keyOfProblem({ path }: Problem): string {
  return JSON.stringify(path);
}

function pathOf(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

/** etcd's limit of an object; the controller keeps the workflow's state in it, too. */
const mostBytes = 1024 ** 2;

function checkSize(value: unknown): readonly Problem[] {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= mostBytes) return [];
  return [{ path: [], message: `${bytes} bytes of JSON, where the API server takes ${mostBytes}` }];
}

/** Expressions that cannot be read, which the linter lets through, or that hold what is not simulated. */
function checkExpressions(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const waiting: { readonly value: unknown; readonly path: Path }[] = [{ value, path: [] }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path } = at;
    if (typeof at.value === "string") {
      for (const text of expressionsIn(at.value, path)) {
        const message = problemOf(text);
        if (message !== undefined) problems.push({ path, message });
      }
    } else if (isObject(at.value))
      for (const [key, item] of Object.entries(at.value))
        waiting.push({ value: item, path: [...path, Array.isArray(at.value) ? Number(key) : key] });
  }
  return problems;
}

function expressionsIn(text: string, path: Path): readonly string[] {
  const tags = [...text.matchAll(/\{\{=([\s\S]*?)\}\}/g)].map(([, expression = ""]) => expression);
  return path.at(-1) === "expression" ? [text, ...tags] : tags;
}

function problemOf(text: string): string | undefined {
  try {
    const expression = parseExpression(text);
    const unknown = new Set<string>();
    visit(expression, (part) => {
      if (part.kind !== "call") return;
      const isKnown = knownFunctions.includes(part.name) || predicateFunctions.has(part.name);
      if (!isKnown)
        unknown.add(isFunctionName(part.name) ? `${part.name} is not simulated` : `unknown name ${part.name}`);
    });
    if (namesIn(expression).has("sprig")) unknown.add("sprig is not simulated");
    const [first] = unknown;
    return first === undefined ? undefined : `in the expression ${text.trim()}: ${first}`;
  } catch (error) {
    if (error instanceof UnsupportedError) return `in the expression ${text.trim()}: ${error.message} is not simulated`;
    if (error instanceof ExpressionError) return `${text.trim()} is not a valid expression: ${error.message}`;
    throw error;
  }
}
