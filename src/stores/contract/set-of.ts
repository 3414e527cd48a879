import type { Environment } from "../../system/environment.ts";

/** Those of the variables that are set and not empty. */
export function setOf(names: readonly string[], environment: Environment): { readonly [name: string]: string } {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== "") values[name] = value;
  }
  return values;
}
