/**
 * The services of a run as compiled files carry them: run log, catalog, secrets and tracker, with variables that only
 * the place where the run happens can resolve. Small JSON; what is as by default is left out.
 *
 * ```json
 * {"run_log_store": {"type": "file-system", "log_folder": "${LOGS}"}, "isolate": "never", "graceMs": 10000}
 * ```
 */
import type { Environment } from "../system/environment.ts";
import type { Json } from "./json.ts";

/** A service: its type, and beside it the keys that the configuration has under `config`. */
export interface ServiceSettings {
  readonly type: string;
  readonly [key: string]: Json;
}

/** Absent: the default ({@link serviceDefaults}). */
export interface ServicesSpec {
  readonly run_log_store?: ServiceSettings;
  readonly catalog?: ServiceSettings;
  readonly secrets?: ServiceSettings;
  readonly experiment_tracker?: ServiceSettings;
  readonly isolate?: "always" | "never";
  /** Between TERM and KILL of a step that has to stop. Milliseconds. */
  readonly graceMs?: number;
}

/** What is used where nothing is configured: nothing has to be installed for it. */
export const serviceDefaults = {
  runLogFolder: ".magnus/runs",
  catalogFolder: ".magnus/catalog",
  dotenvFile: ".env",
  secretsFolder: "/run/secrets",
  /** Of the tables in PostgreSQL. */
  schema: "magnus",
  graceMs: 30_000,
} as const;

/** Where `$NAME` is looked up first; runnable's spelling second; then the environment itself. */
export const variablePrefixes = ["MAGNUS_VAR_", "RUNNABLE_VAR_"] as const;

/** Services that cannot be opened: wrong or unusable configuration. The message is one line for people. */
export class ServiceError extends Error {}

/** A variable's value; undefined where it is not set. An empty value is a value. */
export type VariableLookup = (name: string) => string | undefined;

export function lookupIn(environment: Environment): VariableLookup {
  return (name) => {
    for (const prefix of variablePrefixes) {
      const value = environment[`${prefix}${name}`];
      if (value !== undefined) return value;
    }
    return environment[name];
  };
}

/** A `$…` in a text: a variable, or something that looks like one and is none (`${A:-b}`, `${`). */
export interface VariableReference {
  readonly kind: "variable" | "malformed";
  /** The variable's name; malformed: the text as it stands. */
  readonly name: string;
  /** `[start, end)` in the text. */
  readonly start: number;
  readonly end: number;
}

/** `$$` · `${{ … }}`, which belongs to GitHub and stays · `${NAME}` · `${` anything else · `$NAME`. Other `$` are dollars. */
const dollar = /\$\$|\$\{\{[\s\S]*?\}\}|\$\{([A-Za-z_]\w*)\}|(\$\{[^}]*\}?)|\$([A-Za-z_]\w*)/g;

/** All variables of a text, in order. */
export function variablesOf(text: string): readonly VariableReference[] {
  if (!text.includes("$")) return [];
  return [...text.matchAll(dollar)].flatMap((match): VariableReference[] => {
    const [whole, braced, malformed, bare] = match;
    const place = { start: match.index, end: match.index + whole.length };
    if (malformed !== undefined) return [{ kind: "malformed", name: malformed, ...place }];
    const name = braced ?? bare;
    return name === undefined ? [] : [{ kind: "variable", name, ...place }];
  });
}

/** The text with its variables replaced, `$$` a dollar. What is not set or malformed stays as it stands. */
export function substituteVariables(text: string, lookup: VariableLookup): string {
  if (!text.includes("$")) return text;
  return text.replace(dollar, (whole: string, braced?: string, malformed?: string, bare?: string) => {
    if (whole === "$$") return "$";
    const name = braced ?? bare;
    return malformed !== undefined || name === undefined ? whole : (lookup(name) ?? whole);
  });
}
