import { metricPrefix, parameterName, parameterPrefix } from "../../protocol/environment-names.ts";
import { groupMetrics, type Metrics, metricValue } from "../../protocol/group-metrics.ts";
import { type Json, parseJson, printJson, setKey } from "../../protocol/json.ts";
import { hasObject, objectInWords } from "../../protocol/object-value.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { TaskSpec } from "../../protocol/step-spec.ts";
import type { Variables } from "../../system/environment.ts";
import { present } from "../../system/present.ts";
import type { Answers, Failure } from "../task-types/task-type.ts";
import { type LostNumber, type NumberReader, withGivenNumbers } from "./number-texts.ts";
import type { OutputFile } from "./output-file.ts";

/** What a task answered, all its ways of answering merged. */
export interface Outputs {
  readonly delta: Parameters;
  /** Without those that are recorded already. */
  readonly metrics: readonly Metrics[];
  /** The answers cannot be read, or one that `returns` names is missing. */
  readonly failure?: Failure;
}

export interface OutputSources {
  readonly task: TaskSpec;
  readonly visible: Parameters;
  /** The environment that the task was given. */
  readonly given: Variables;
  readonly file: OutputFile;
  /** How many of the file's metrics were recorded while the task ran. */
  readonly recorded: number;
  readonly answers: Answers;
}

/**
 * MAGNUS_OUTPUT_FILE over what was returned over what was set in the environment. A name that did not change is in the
 * delta only if `returns` names it; it keeps its value.
 */
export function collectOutputs(sources: OutputSources): Outputs {
  const { task, file, answers, visible } = sources;
  const delta: Record<string, Json> = {};
  const set = variablesSet(sources);
  const readers = numberReaders[task.type];
  let lost: LostNumber | undefined;
  for (const [values, reader] of [
    [set.parameters, readers?.written],
    [answers.returned ?? {}, readers?.returned],
    [file.parameters, readers?.written],
  ] as const) {
    const numbers = reader === undefined ? { values } : withGivenNumbers(values, visible, reader);
    for (const [name, value] of Object.entries(numbers.values)) setKey(delta, name, value);
    lost ??= numbers.lost;
  }
  const declared = declaredVariables(sources, delta, set.metrics);
  const returnedMetrics = { ...declared.metrics, ...answers.metrics };
  const metrics = metricsOf([...set.metrics, { metrics: returnedMetrics }], sources);
  const missing = (task.returns ?? [])
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(delta, name) && !(answers.objects?.has(name) ?? false));
  const deep = tooDeep([...Object.entries(delta), ["metrics", toJson(metrics)]]);
  if (deep !== undefined) return { delta: {}, metrics: [], failure: deep };
  const failure =
    failureOf(sources, missing) ??
    lostNumber(lost) ??
    forgedObject([set.parameters, answers.returned ?? {}, file.parameters]);
  return { delta, metrics, ...present({ failure }) };
}

/** Of types that answer with numbers of their language; what a shell answers is text. `written`: by the task's own code. */
const numberReaders: {
  readonly [type in TaskSpec["type"]]?: { readonly returned: NumberReader; readonly written: NumberReader };
} = {
  python: { returned: "python", written: "python" },
  notebook: { returned: "python", written: "python" },
  node: { returned: "node", written: "stringify" },
};

function lostNumber(lost: LostNumber | undefined): Failure | undefined {
  if (lost === undefined) return undefined;
  const { name, text } = lost;
  const why = "JavaScript rounds integers beyond 2^53, and this is not one of the given values";
  return {
    reason: "missing-output",
    message: `"${name}" has the number ${text}: ${why}; publish a BigInt or a string`,
  };
}

/** Later python tasks would unpickle whatever the digest names. */
function forgedObject(answered: readonly Parameters[]): Failure | undefined {
  const found = answered.flatMap(Object.entries<Json>).find(([, value]) => hasObject(value));
  if (found === undefined) return undefined;
  const message = `"${found[0]}" holds ${objectInWords}: keep it by kind: object, or use another key`;
  return { reason: "missing-output", message };
}

/** `MAGNUS_PRM_*` and `MAGNUS_TRACK_*` that were set or changed. */
function variablesSet({ given, answers }: OutputSources): {
  readonly parameters: Parameters;
  readonly metrics: readonly Metrics[];
} {
  const parameters: Record<string, Json> = {};
  const metrics: Metrics[] = [];
  for (const [variable, text] of answers.environment ?? []) {
    if (given[variable] === text) continue;
    if (variable.startsWith(parameterPrefix)) {
      const name = variable.slice(parameterPrefix.length);
      if (parameterName.test(name)) setKey(parameters, name, readText(text));
    } else if (variable.startsWith(metricPrefix)) {
      metrics.push(metricOf(variable.slice(metricPrefix.length), text));
    }
  }
  return { parameters, metrics };
}

function metricOf(tracked: string, text: string): Metrics {
  const match = /^(.+)_STEP_(\d+)$/.exec(tracked);
  const value = readText(text);
  return match === null
    ? { metrics: { [tracked]: value } }
    : { metrics: { [match[1] ?? ""]: value }, step: Number(match[2]) };
}

/** Adds to the delta what `returns` names and the task set as a variable, or what is a parameter that it left as it was. */
function declaredVariables(
  sources: OutputSources,
  delta: Record<string, Json>,
  tracked: readonly Metrics[],
): { readonly metrics: Parameters } {
  const { task, answers } = sources;
  const metrics: Record<string, Json> = {};
  for (const { name, kind } of answers.returnsAreVariables ? (task.returns ?? []) : []) {
    if (!Object.hasOwn(delta, name)) {
      const answer = variableAnswer(name, sources, kind === "metric" ? tracked : []);
      if (answer !== undefined) setKey(delta, name, answer);
    }
    if (kind !== "metric" || !Object.hasOwn(delta, name)) continue;
    // As the metric, so the parameter.
    setKey(delta, name, metricValue(delta[name] ?? null));
    setKey(metrics, name, delta[name] ?? null);
  }
  return { metrics };
}

/** What a variable says of a name; one that only was inherited, or that the step's own `env` gave, is no answer. */
function variableAnswer(
  name: string,
  { visible, given, answers }: OutputSources,
  tracked: readonly Metrics[],
): Json | undefined {
  const text = answers.environment?.get(name);
  if (text !== undefined && text !== given[name]) return readText(text);
  const metric = tracked.find(({ metrics }) => Object.hasOwn(metrics, name));
  if (metric !== undefined) return metric.metrics[name] ?? null;
  return Object.hasOwn(visible, name) && isKept(name, given, answers) ? (visible[name] ?? null) : undefined;
}

/** Unchanged: the variable is as it was given, or was never given, since its value is too long for an environment. */
function isKept(name: string, given: Variables, answers: Answers): boolean {
  if (answers.environment === undefined) return false;
  const names = [name, `${parameterPrefix}${name}`];
  return names.some((variable) => answers.environment?.get(variable) === given[variable]);
}

/** JSON where it is JSON, else text. */
function readText(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/**
 * A metric that a task gives in several ways is the one of the way that comes first, as a parameter is; what it writes into the
 * file again is recorded again.
 */
function metricsOf(others: readonly Metrics[], { file, recorded }: OutputSources): readonly Metrics[] {
  const key = (step: number | undefined, name: string): string => `${step} ${name}`;
  const inFile = new Set(
    file.metrics.flatMap(({ metrics, step }) => Object.keys(metrics).map((name) => key(step, name))),
  );
  const merged = new Map<string, Metrics>();
  for (const { metrics, step } of others) {
    for (const [name, value] of Object.entries(metrics)) {
      const given = { metrics: { [name]: value }, ...present({ step }) };
      if (!inFile.has(key(step, name))) merged.set(key(step, name), given);
    }
  }
  return groupMetrics([...merged.values(), ...file.metrics.slice(recorded)].map(asRecorded));
}

/** With the numbers that JSON lacks as {@link metricValue} has them. */
export function asRecorded({ metrics, ...rest }: Metrics): Metrics {
  const values: Record<string, Json> = {};
  for (const [name, value] of Object.entries(metrics)) setKey(values, name, metricValue(value));
  return { metrics: values, ...rest };
}

function toJson(metrics: readonly Metrics[]): Json {
  return metrics.map((one) => one.metrics);
}

function failureOf({ file, answers }: OutputSources, missing: readonly string[]): Failure | undefined {
  if (file.mistake !== undefined) return { reason: "missing-output", message: file.mistake };
  if (missing.length === 0) return undefined;
  const names = missing.map((name) => `"${name}"`).join(", ");
  const unread = answers.returnsAreVariables && answers.environment === undefined;
  const why = unread
    ? ": the shell's environment could not be read (the script sets its own EXIT trap or ends with exec); write to $MAGNUS_OUTPUT_FILE instead"
    : "";
  return { reason: "missing-output", message: `the task did not set ${names}, listed in its \`returns\`${why}` };
}

function tooDeep(values: readonly (readonly [string, Json])[]): Failure | undefined {
  for (const [name, value] of values) {
    try {
      printJson(value);
    } catch (error) {
      return {
        reason: "missing-output",
        message: `"${name}": ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
  return undefined;
}
