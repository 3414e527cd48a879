/** What a run starts with, from its sources: the document's defaults, a file, the environment, flags; later over earlier. */
import type { Environment } from "../system/environment.ts";
import { type DeclaredParameters, nameFinding, type ParameterFinding, valueFinding } from "./declared-parameters.ts";
import { describeJson } from "./describe-json.ts";
import { parameterName, parameterPrefixes } from "./environment-names.ts";
import { isArray, isObject, type Json, maxJsonDepth, parseJson, setKey } from "./json.ts";
import { hasObject, objectInWords } from "./object-value.ts";
import type { Parameters } from "./path.ts";

export interface ParameterSources {
  readonly declared: DeclaredParameters;
  /** A parameters file as JSON text; `name` as shown to people. */
  readonly file?: { readonly name: string; readonly text: string };
  readonly environment: Environment;
  /** `name=value`, as given. */
  readonly flags: readonly string[];
  /** Parameters whose text is never read as JSON ({@link isTextParameter}). */
  readonly text: readonly string[];
}

/** The parameters, and one line for each thing to say of them; they mean something only where there are no errors. */
export interface MergedParameters {
  readonly parameters: Parameters;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Merges without YAML and schema: what a shim does. The compiler's own is `collectParameters`. */
export function mergeParameters(sources: ParameterSources): MergedParameters {
  const merged: Record<string, Json> = {};
  const errors: string[] = [];
  const warnings: string[] = [];
  const { declared, environment } = sources;
  let inFile: readonly string[] = [];
  const set = (name: string, value: Json, from: string, isOwn = true): void => {
    const problem = parameterProblem(name, value);
    if (problem === undefined) merged[name] = value;
    else errors.push(`${from}: ${problem}`);
    if (problem !== undefined) return;
    const findings = [isOwn ? nameFinding(declared, name, inFile) : undefined, valueFinding(declared, name, value)];
    for (const finding of findings) if (finding !== undefined) tell(finding, name, from);
  };
  const tell = (finding: ParameterFinding, name: string, from: string): void => {
    const isError = finding.kind === "misspelt" || finding.kind === "type";
    (isError ? errors : warnings).push(`${from}: ${findingText(finding, name)}`);
  };
  for (const [name, value] of Object.entries(declared.defaults)) setKey(merged, name, value);
  if (sources.file !== undefined) {
    const { name: file, text } = sources.file;
    const values = readFile(text);
    if (typeof values === "string") errors.push(`${file}: ${values}`);
    else for (const [name, value] of Object.entries(values)) set(name, value, file);
    if (typeof values !== "string") inFile = Object.keys(values);
  }
  const asText = new Set(sources.text);
  for (const { name, variable, text } of environmentParameters(environment)) {
    set(name, readParameterText(text, asText.has(name)), variable, !isWithinStep(environment));
  }
  for (const flag of sources.flags) {
    const parsed = readParameterFlag(flag);
    if (parsed === undefined) errors.push(`--param ${flag}: it must be name=value`);
    else set(parsed.name, readParameterText(parsed.text, asText.has(parsed.name)), `--param ${flag}`);
  }
  return { parameters: merged, errors, warnings };
}

/** A step that starts magnus hands on all that is visible to it, which its own author chose. */
export function isWithinStep({ MAGNUS_STEP }: Environment): boolean {
  return MAGNUS_STEP !== undefined;
}

function findingText(finding: ParameterFinding, name: string): string {
  switch (finding.kind) {
    case "misspelt":
      return `there is no parameter \`${name}\`; did you mean \`${finding.near}\`?`;
    case "undeclared":
      return `the pipeline declares no parameter \`${name}\``;
    case "type":
      return `\`${name}\` ${finding.problem}`;
  }
}

function readFile(text: string): Parameters | string {
  try {
    const value = parseJson(text.replace(/^\ufeff/, ""));
    return isObject(value) ? value : `it must be a mapping of names to values, it is ${describeJson(value)}`;
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    return `it is not JSON, and compiled files read only JSON (${why}); \`magnus run\` and \`magnus compile\` read YAML, too`;
  }
}

/** `MAGNUS_PRM_<name>` (and runnable's spelling, which gives way) in the order of their variables. */
export function environmentParameters(
  environment: Environment,
): readonly { readonly name: string; readonly variable: string; readonly text: string }[] {
  const found = new Map<string, { name: string; variable: string; text: string }>();
  const variables = Object.keys(environment).sort();
  for (const prefix of parameterPrefixes) {
    for (const variable of variables) {
      const text = environment[variable];
      const name = variable.slice(prefix.length);
      if (text === undefined || !variable.startsWith(prefix) || found.has(name)) continue;
      found.set(name, { name, variable, text });
    }
  }
  return [...found.values()];
}

/** `name=value` apart at the first `=`; undefined where there is none. */
export function readParameterFlag(flag: string): { readonly name: string; readonly text: string } | undefined {
  const at = flag.indexOf("=");
  return at < 0 ? undefined : { name: flag.slice(0, at), text: flag.slice(at + 1) };
}

/** A value that was given as text: JSON, else the text itself. */
export function readParameterText(text: string, asText: boolean): Json {
  if (asText) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** Whether a parameter's text stands for itself even where it is JSON: its schema says string, or else its default is one. */
export function isTextParameter(fallback: Json | undefined, schema: Json | undefined): boolean {
  const type = isObject(schema) ? schema.type : undefined;
  return type === undefined ? typeof fallback === "string" : type === "string";
}

/** Why this is no parameter, in words that follow its source; undefined: it is one. */
export function parameterProblem(name: string, value: Json): string | undefined {
  if (name === "__proto__") return "`__proto__` is reserved and cannot name a parameter";
  if (!parameterName.test(name)) {
    return `${JSON.stringify(name)} is not a valid parameter name: use letters, digits and _, not starting with a digit`;
  }
  if (isTooDeep(value)) return `\`${name}\` is nested deeper than ${maxJsonDepth} levels`;
  return hasObject(value) ? `\`${name}\` holds ${objectInWords}` : undefined;
}

/** Iterative: the value may be deeper than the stack. */
export function isTooDeep(value: Json): boolean {
  const open: { value: Json; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (depth > maxJsonDepth) return true;
    if (isArray(value) || isObject(value)) {
      for (const part of Object.values(value)) {
        if (typeof part === "object" && part !== null) open.push({ value: part, depth: depth + 1 });
      }
    }
  }
  return false;
}
