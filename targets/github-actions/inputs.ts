/**
 * Parameters as inputs. The shim owns defaults and types: inputs are empty on a schedule, and an unset number of a called
 * workflow would arrive as 0, so those are all text, and an empty text means the default,
 * except in the form.
 */

import type { Plan } from "../../src/plan/plan-node.ts";
import { argumentText } from "../../src/protocol/argument-text.ts";
import { isArray, isNumber, isObject, type Json, type JsonObject } from "../../src/protocol/json.ts";
import { startedItself } from "./concurrency.ts";
import { nameOfFiles } from "./name-of-files.ts";
import { shown } from "./workflow.ts";

/** A longer default is left to the shim. Characters. */
const longestDefault = 1000;

export interface Inputs {
  readonly dispatch: { readonly [name: string]: object };
  readonly call: { readonly [name: string]: object };
  /** Environment of the first step. */
  readonly environment: { readonly [name: string]: string };
  /** The input that tells calls of this workflow in one run apart. */
  readonly callName: string;
}

/** `most`: inputs of the form; more parameters are one of JSON. */
export function inputsOf(plan: Plan, most: number): Inputs {
  const { parameters, parameterSchema } = plan.pipeline;
  const names = [...new Set([...Object.keys(parameters), ...Object.keys(parameterSchema)])];
  const folded = new Set(names.map((name) => name.toLowerCase()));
  const callName = folded.has("call") ? "magnus-call" : "call";
  const call = { [callName]: { description: "tells calls of this pipeline in one run apart", type: "string" } };
  if (names.length > most || folded.size < names.length) {
    const all = { description: "parameters as a JSON object; the others keep their defaults", type: "string" };
    return {
      dispatch: { parameters: all },
      call: { parameters: all, ...call },
      environment: { MAGNUS_PARAMETERS: "${{ inputs.parameters }}" },
      callName,
    };
  }
  const one = (name: string) => ({ value: own(parameters, name), schema: own(parameterSchema, name) });
  const described = (name: string): object => {
    const schema = one(name).schema;
    const text = isObject(schema ?? null) ? (schema as JsonObject).description : undefined;
    return typeof text === "string" ? { description: shown(text) } : {};
  };
  return {
    dispatch: Object.fromEntries(names.map((name) => [name, { ...described(name), ...dispatchInput(one(name)) }])),
    call: { ...Object.fromEntries(names.map((name) => [name, { ...described(name), type: "string" }])), ...call },
    environment: {
      ...Object.fromEntries(names.map((name) => [`MAGNUS_PRM_${name}`, `\${{ inputs.${name} }}`])),
      ...clearable(
        names.filter((name) => hasText(one(name))),
        nameOfFiles(plan.pipeline.name),
      ),
    },
    callName,
  };
}

/**
 * Those whose field in the form has a text that can be cleared. On a schedule and by callers all are empty that are not
 * given; of the form that is only so where somebody has cleared them, since what is left out there is the default.
 */
function clearable(names: readonly string[], file: string): { readonly [name: string]: string } {
  if (names.length === 0) return {};
  const byForm = `github.event_name == 'workflow_dispatch' && ${startedItself(file)}`;
  return { MAGNUS_FORM: `\${{ ${byForm} && '${names.join(" ")}' || '' }}` };
}

function hasText(parameter: Parameter): boolean {
  const { type, default: usual } = dispatchInput(parameter);
  return (type === "string" || type === "number") && usual !== undefined && usual !== "";
}

interface DispatchInput {
  readonly type: "string" | "number" | "boolean" | "choice";
  readonly default?: string | number | boolean;
  readonly options?: readonly string[];
}

interface Parameter {
  readonly value: Json | undefined;
  readonly schema: JsonObject | undefined;
}

function dispatchInput({ value, schema }: Parameter): DispatchInput {
  const usual = value === undefined ? undefined : argumentText(value);
  const shownDefault = usual === undefined || usual.length > longestDefault ? {} : { default: usual };
  const choices = choicesOf(value, schema);
  if (choices !== undefined) {
    // Where there is no default, a choice must be able to say so.
    const options = usual === undefined ? ["", ...choices] : choices;
    return { type: "choice", options, ...shownDefault };
  }
  if (typeof value === "boolean") return { type: "boolean", default: value };
  if (usual === undefined) {
    return { type: schema?.type === "number" || schema?.type === "integer" ? "number" : "string" };
  }
  // A number is shown as JavaScript writes it; one that is written otherwise stays text.
  const isNumeric = value !== undefined && isNumber(value) && String(Number(usual)) === usual;
  return isNumeric ? { type: "number", default: Number(usual) } : { type: "string", ...shownDefault };
}

function choicesOf(value: Json | undefined, schema: JsonObject | undefined): readonly string[] | undefined {
  if (schema?.type === "boolean" && value === undefined) return ["true", "false"];
  const list = schema?.enum;
  if (list === undefined || !isArray(list) || list.length === 0) return undefined;
  const texts = list.map(argumentText);
  const fine = texts.every((text) => text !== "" && text.length <= longestDefault);
  if (!fine || new Set(texts).size < texts.length) return undefined;
  return value === undefined || texts.includes(argumentText(value)) ? texts : undefined;
}

function own<T>(values: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
