import {
  maxEnvironmentValue,
  metricPrefix,
  parameterName,
  parameterPrefix,
  parameterPrefixes,
} from "../protocol/environment.ts";
import { type Json, printJson } from "../protocol/json.ts";
import { type Parameters, type Path, stepName } from "../protocol/path.ts";
import { withoutObjects } from "./object-value.ts";

export type Environment = { readonly [name: string]: string };

export interface EnvironmentInput {
  readonly run: { readonly id: string; readonly tag?: string };
  readonly path: Path;
  readonly attempt: number;
  readonly visible: Parameters;
  readonly items: Parameters;
  readonly parametersFile: string;
  readonly outputFile: string;
  readonly cwd: string;
  readonly secrets: ReadonlyMap<string, string>;
  /** The step's own `env`. */
  readonly env: Environment;
}

/**
 * What a task finds in its environment (docs: tasks). Later wins: what this process inherited, magnus's own names, the
 * parameters, the secrets, the step's `env`.
 */
export function environmentOf(input: EnvironmentInput): Environment {
  const env: Record<string, string> = { ...inheritedEnvironment() };
  env.PWD = input.cwd;
  env.PYTHONUNBUFFERED = "1";
  env.MAGNUS_RUN_ID = input.run.id;
  env.MAGNUS_RUN_TAG = input.run.tag ?? "";
  env.MAGNUS_STEP = stepName(input.path);
  env.MAGNUS_ATTEMPT = `${input.attempt}`;
  env.MAGNUS_PARAMETERS_FILE = input.parametersFile;
  env.MAGNUS_OUTPUT_FILE = input.outputFile;
  const map = printJson(withoutObjects(input.items), { style: "python" });
  if (map.length <= maxEnvironmentValue) env.MAGNUS_MAP_VARIABLE = map;
  for (const [name, text] of parameterVariables(input.visible)) {
    if (text === null) delete env[name];
    else env[name] = text;
  }
  for (const [name, value] of input.secrets) env[name] = value;
  for (const [name, value] of Object.entries(input.env)) env[name] = value;
  return env;
}

let inherited: Environment | undefined;

/** The environment of this process as a task gets it; a copy, since reading process.env is a system call a name. */
function inheritedEnvironment(): Environment {
  inherited ??= cleanEnvironment(process.env);
  return inherited;
}

/** What a launcher of the shim sets aside so that it concerns the shim no more, the task gets back: `MAGNUS_SAVED_<name>`. */
const savedPrefix = "MAGNUS_SAVED_";

/** Without what is meant for this process alone and without parameters: a task sees those that are visible to it. */
export function cleanEnvironment(environment: { readonly [name: string]: string | undefined }): Environment {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !isOwn(name)) clean[name] = value;
  }
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(savedPrefix) && value !== undefined) clean[name.slice(savedPrefix.length)] = value;
  }
  return clean;
}

const ownPrefixes = [...parameterPrefixes, metricPrefix, savedPrefix, "NODE_CHANNEL_"];
const ownNames = ["MAGNUS_MAP_VARIABLE", "MAGNUS_SERVICES", "MAGNUS_CONTROL_FILE", "MAGNUS_WRITER", "MAGNUS_FOLLOWER"];

function isOwn(name: string): boolean {
  return ownPrefixes.some((prefix) => name.startsWith(prefix)) || ownNames.includes(name);
}

type Variables = readonly (readonly [name: string, text: string | null])[];

/** Steps often see the very same parameters: printed once. */
const variablesOf = new WeakMap<Parameters, Variables>();

/** The variables of all parameters; null: must not be set, not even to what was inherited. */
function parameterVariables(visible: Parameters): Variables {
  let variables = variablesOf.get(visible);
  if (variables === undefined) {
    variables = Object.entries(visible).flatMap(([name, value]) => variablesFor(name, value));
    variablesOf.set(visible, variables);
  }
  return variables;
}

function variablesFor(name: string, value: Json): Variables {
  const texts = textsOf(value);
  const plain: Variables = isPlainNameAllowed(name) ? [[name, texts.plain]] : [];
  return [[`${parameterPrefix}${name}`, texts.python], ...plain];
}

const reservedName = /^(?:PATH|HOME|SHELL|IFS|LD_.*|MAGNUS_.*)$/;

function isPlainNameAllowed(name: string): boolean {
  return parameterName.test(name) && !reservedName.test(name);
}

interface Texts {
  /** As Python's json.dumps prints it. */
  readonly python: string | null;
  /** A string as it is, else JSON. */
  readonly plain: string | null;
}

const notGiven: Texts = { python: null, plain: null };
const textsOfObject = new WeakMap<object, Texts>();

function textsOf(value: Json): Texts {
  if (typeof value === "string") return textsOfString(value);
  if (typeof value !== "object" || value === null) return { python: String(value), plain: String(value) };
  let texts = textsOfObject.get(value);
  if (texts === undefined) {
    texts = withoutObjects({ value }).value === undefined ? notGiven : textsOfStructure(value);
    textsOfObject.set(value, texts);
  }
  return texts;
}

function textsOfString(value: string): Texts {
  if (/\u0000|\p{Surrogate}/u.test(value)) return notGiven;
  return { python: ifShort(printJson(value, { style: "python" })), plain: ifShort(value) };
}

function textsOfStructure(value: Json): Texts {
  const python = ifShort(printJson(value, { style: "python" }));
  return { python, plain: python };
}

function ifShort(text: string): string | null {
  if (text.length > maxEnvironmentValue) return null;
  return text.length * 3 <= maxEnvironmentValue || Buffer.byteLength(text) <= maxEnvironmentValue ? text : null;
}
