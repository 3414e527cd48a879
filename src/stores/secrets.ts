import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { causeOf, errorCode, StoreError } from "./store-error.ts";

/** Where secrets come from. Values never leave the process but to the tasks that declare them. */
export interface Secrets {
  /** For messages: `environment, dotenv (.env)`. */
  readonly name: string;
  /** Undefined where there is none of that name. Throws a StoreError where the source cannot be read. */
  get(name: string): string | undefined;
}

/** Asks the sources in order; the first that has the name gives the value. */
export function secretsFrom(sources: readonly Secrets[]): Secrets {
  return {
    name: sources.length === 0 ? "none" : sources.map((source) => source.name).join(", "),
    get: (name) => {
      for (const source of sources) {
        const value = source.get(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

/** Environment variables, `<prefix><name><suffix>`. */
export function environmentSecrets(
  environment: { readonly [name: string]: string | undefined },
  { prefix = "", suffix = "" }: { readonly prefix?: string; readonly suffix?: string } = {},
): Secrets {
  const shown = prefix === "" && suffix === "" ? "environment" : `environment (${prefix}<name>${suffix})`;
  return { name: shown, get: (name) => environment[`${prefix}${name}${suffix}`] };
}

/** A folder with one file a secret, as Kubernetes mounts them. One line break at a file's end is not the value's. */
export function fileSecrets(folder: string): Secrets {
  return {
    name: `files (${folder})`,
    get: (name) => {
      if (!/^[\w-][\w.-]*$/.test(name)) return undefined;
      return readIfThere(join(folder, name))?.replace(/\r?\n$/, "");
    },
  };
}

/** A dotenv file, read at the first use. A missing file holds nothing; a line in YAML form is refused. */
export function dotenvSecrets(file: string): Secrets {
  let values: Map<string, string> | undefined;
  return {
    name: `dotenv (${file})`,
    get: (name) => {
      values ??= parseDotenv(file, readIfThere(file) ?? "");
      return values.get(name);
    },
  };
}

function parseDotenv(file: string, text: string): Map<string, string> {
  const line = lineInYamlForm(text);
  if (line !== undefined) {
    throw new StoreError("cannot read", file, `line ${line} is in YAML form; write NAME=value instead of NAME: value`);
  }
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(parseEnv(text))) if (value !== undefined) values.set(name, value);
  return values;
}

/** `parseEnv` reads `NAME: value` as nothing or, worse, as part of the line before. Quoted values may hold anything. */
function lineInYamlForm(text: string): number | undefined {
  const unquoted = text.replace(/=\s*(["'`])[\s\S]*?\1/g, (quoted) => `=${quoted.replace(/[^\n]/g, "")}`);
  const at = unquoted.split("\n").findIndex((line) => /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*:(?:\s|$)/.test(line));
  return at < 0 ? undefined : at + 1;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw new StoreError("cannot read", file, causeOf(error));
  }
}
