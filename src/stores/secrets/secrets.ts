import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../system/environment.ts";
import { causeOf, errorCode } from "../../system/error-code.ts";
import type { Secrets } from "../contract/secrets.ts";
import { StoreError } from "../contract/store-error.ts";
import { parseDotenv } from "./dotenv.ts";

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
  environment: Environment,
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

/** A dotenv file, read at the first use ({@link parseDotenv}). A missing file holds nothing. */
export function dotenvSecrets(file: string, environment: Environment = process.env): Secrets {
  let values: ReadonlyMap<string, string | undefined> | undefined;
  return {
    name: `dotenv (${file})`,
    get: (name) => {
      values ??= readDotenv(file, environment);
      return values.get(name);
    },
  };
}

function readDotenv(file: string, environment: Environment): ReadonlyMap<string, string | undefined> {
  const { values, wrong } = parseDotenv(readIfThere(file) ?? "", environment);
  if (wrong !== undefined) throw new StoreError("cannot read", file, `line ${wrong.line}: ${wrong.why}`);
  return values;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw new StoreError("cannot read", file, causeOf(error));
  }
}
