import { parseJson } from "../../src/protocol/json.ts";
import type { ServicesSpec } from "../../src/protocol/services.ts";
import { programsOf, provesIdentity } from "../../src/services/services-elsewhere.ts";
import { servicesIn } from "../../src/services/services-in.ts";
import type { EmitContext, OutputFile } from "../../src/target/target.ts";
import type { GithubOptions } from "./options.ts";

/** What the shim loads from beside itself where the services ask for it: what reaches stores and trackers on servers. */
export function besideShim({ services, program, options }: EmitContext<GithubOptions>): readonly OutputFile[] {
  const names = programsOf(servicesOf({ services }), variablesOf(options));
  return names.map((name) => ({ path: `.github/magnus/${name}`, content: program(name) }));
}

/** The services' JSON, read; no service where all are as by default. */
export function servicesOf({ services }: Pick<EmitContext<unknown>, "services">): ServicesSpec {
  return servicesIn(parseJson(services ?? "{}"));
}

/** The names of the variables that every job has. */
export function variablesOf({ env = {} }: Pick<GithubOptions, "env">): ReadonlySet<string> {
  return new Set(Object.keys(env));
}

/** What every job needs beside `contents: read`: GitHub's word for who it is, where a role of AWS is had for that. */
export function permissionsForStores(context: Pick<EmitContext<GithubOptions>, "services" | "options">): Permissions {
  const byToken = provesIdentity(servicesOf(context), variablesOf(context.options));
  return byToken ? { "id-token": "write" } : {};
}

export interface Permissions {
  readonly [scope: string]: string;
}
