import {
  maxEnvironmentValue,
  maxParameterEnvironment,
  metricPrefix,
  parameterName,
  parameterPrefix,
  parameterPrefixes,
} from "../../protocol/environment-names.ts";
import { isGuardedName } from "../../protocol/guarded-names.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import { hasObject, withoutObjects } from "../../protocol/object-value.ts";
import { displayPath, type Parameters, type Path } from "../../protocol/path.ts";
import type { Environment, Variables } from "../../system/environment.ts";

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
  readonly env: Variables;
}

/**
 * What a task finds in its environment (docs: tasks). Later wins: what this process inherited, magnus's own names, the
 * parameters, the secrets, the step's `env`.
 */
export function taskEnvironment(input: EnvironmentInput): Variables {
  const env: Record<string, string> = { ...inheritedEnvironment() };
  env.PWD = input.cwd;
  env.PYTHONUNBUFFERED = "1";
  env.MAGNUS_RUN_ID = input.run.id;
  env.MAGNUS_RUN_TAG = input.run.tag ?? "";
  env.MAGNUS_STEP = displayPath(input.path);
  env.MAGNUS_ATTEMPT = `${input.attempt}`;
  env.MAGNUS_PARAMETERS_FILE = input.parametersFile;
  env.MAGNUS_OUTPUT_FILE = input.outputFile;
  const map = printJson(withoutObjects(input.items), { style: "python" });
  if (map.length <= maxEnvironmentValue) env.MAGNUS_MAP_VARIABLE = map;
  for (const [name, text] of parameterVariables(input.visible).variables) {
    if (text === null) delete env[name];
    else env[name] = text;
  }
  for (const [name, value] of input.secrets) env[name] = value;
  for (const [name, value] of Object.entries(input.env)) env[name] = value;
  return env;
}

let inherited: Variables | undefined;

/** The environment of this process as a task gets it; a copy, since reading process.env is a system call a name. */
function inheritedEnvironment(): Variables {
  inherited ??= cleanEnvironment(process.env);
  return inherited;
}

/** What a launcher of the shim sets aside so that it concerns the shim no more, the task gets back: `MAGNUS_SAVED_<name>`. */
const savedPrefix = "MAGNUS_SAVED_";

/** Without what is meant for this process alone and without parameters: a task sees those that are visible to it. */
export function cleanEnvironment(environment: Environment): Variables {
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
const ownNames = [
  "MAGNUS_MAP_VARIABLE",
  "MAGNUS_SERVICES",
  "MAGNUS_CONTROL_FILE",
  "MAGNUS_TARGET",
  "MAGNUS_WRITER",
  "MAGNUS_FOLLOWER",
  "MAGNUS_SCRIPT",
];

function isOwn(name: string): boolean {
  return ownPrefixes.some((prefix) => name.startsWith(prefix)) || ownNames.includes(name);
}

/** Parameters that are visible, but too large for this step's environment: one by one, or all together. */
export function leftOut(visible: Parameters): readonly string[] {
  return parameterVariables(visible).leftOut;
}

type VariableList = readonly (readonly [name: string, text: string | null])[];

interface ParameterVariables {
  /** null: must not be set, not even to what was inherited. */
  readonly variables: VariableList;
  readonly leftOut: readonly string[];
}

/** Steps often see the very same parameters: printed once. */
const variablesOf = new WeakMap<Parameters, ParameterVariables>();

/** The variables of all parameters. Where they are too large together, the largest are left out (of equal ones the last). */
function parameterVariables(visible: Parameters): ParameterVariables {
  let found = variablesOf.get(visible);
  if (found === undefined) {
    const all = Object.entries(visible).map(([name, value]) => ({ name, value, variables: variablesFor(name, value) }));
    const dropped = tooLargeTogether(all);
    const isOut = ({ name, value, variables }: (typeof all)[number]): boolean =>
      dropped.has(name) || (variables.at(-1)?.[1] === null && !hasObject(value));
    found = {
      variables: all.flatMap(({ name, variables }) =>
        dropped.has(name) ? variables.map(([variable]) => [variable, null] as const) : variables,
      ),
      leftOut: all.filter(isOut).map(({ name }) => name),
    };
    variablesOf.set(visible, found);
  }
  return found;
}

const nothingDropped: ReadonlySet<string> = new Set();

function tooLargeTogether(
  all: readonly { readonly name: string; readonly variables: VariableList }[],
): ReadonlySet<string> {
  const sized = all.map(({ name, variables }) => ({ name, size: sizeOf(variables) }));
  let total = sized.reduce((sum, { size }) => sum + size, 0);
  if (total <= maxParameterEnvironment) return nothingDropped;
  const dropped = new Set<string>();
  for (const { name, size } of sized.reverse().sort((a, b) => b.size - a.size)) {
    if (total <= maxParameterEnvironment) break;
    dropped.add(name);
    total -= size;
  }
  return dropped;
}

/** Bytes of the strings `NAME=text` with their ends and the pointers to them. */
function sizeOf(variables: VariableList): number {
  return variables.reduce(
    (sum, [name, text]) => sum + (text === null ? 0 : name.length + Buffer.byteLength(text) + 10),
    0,
  );
}

function variablesFor(name: string, value: Json): VariableList {
  const texts = textsOf(value);
  const plain: VariableList = isPlainNameAllowed(name) ? [[name, texts.plain]] : [];
  return [[`${parameterPrefix}${name}`, texts.python], ...plain];
}

function isPlainNameAllowed(name: string): boolean {
  return parameterName.test(name) && !isGuardedName(name);
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
