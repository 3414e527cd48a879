import { goJson } from "../expressions/go-json.ts";
import { type Scope, SubstitutionError, substitute } from "../expressions/substitute.ts";
import { type Parameter, readTemplate, type Template } from "../workflow/workflow.ts";
import type { ProcessedTemplate, Values } from "./node.ts";

/**
 * A template with its inputs, in the two passes of the controller (common/util.go, ProcessArgs): first globals and
 * locals, into the inputs, too; then these and the inputs together. Tags without a meaning stay. Throws a
 * {@link SubstitutionError}.
 */
export function processArguments(template: Template, given: readonly Parameter[], scope: Scope): ProcessedTemplate {
  const values = new Map(given.map(({ name, value }) => [name, value]));
  const parameters = (template.inputs?.parameters ?? []).map((input) => {
    const argument = values.get(input.name);
    const fallback = input.default ?? input.value;
    const value = argument === undefined || argument === absentOptional ? fallback : argument;
    if (value !== undefined) return { ...input, value };
    const why = argument === absentOptional ? "argument references an absent optional" : "had no value";
    throw new SubstitutionError(`inputs.parameters.${input.name} ${why}`);
  });
  const filled = template.inputs === undefined ? template : { ...template, inputs: { ...template.inputs, parameters } };
  return substituteTemplate(goJson(filled), scope);
}

/** Stands for the output of a step that did not run and has no default, until the input's own default takes over. */
export const absentOptional = "__argo__internal__absent-optional";

/** The two passes over a template's JSON; also for what only an attempt knows, as `{{retries}}`. */
export function substituteTemplate(json: string, scope: Scope): ProcessedTemplate {
  const first = substitute(json, scope, "none");
  const inputs = inputsOf(readTemplate(JSON.parse(first)));
  const all = new Map(scope);
  for (const [name, value] of inputs) all.set(`inputs.parameters.${name}`, value);
  const parsed: Template = readTemplate(JSON.parse(first));
  all.set("inputs.parameters", goJson(parsed.inputs?.parameters ?? []));
  for (const { name, valueFrom } of parsed.outputs?.parameters ?? [])
    if (valueFrom?.path !== undefined) all.set(`outputs.parameters.${name}.path`, valueFrom.path);
  const second = substitute(first, all, "none");
  const template = second === json ? parsed : readTemplate(JSON.parse(second));
  return { template, json: second, inputs: inputsOf(template) };
}

function inputsOf({ inputs }: Template): Values {
  return (inputs?.parameters ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
}
