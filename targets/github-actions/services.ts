/** What the services of a run ask of its jobs. */
import type { ServicesSpec } from "../../src/protocol/services.ts";
import { folderOf, provesIdentity } from "../../src/services/services-elsewhere.ts";
import type { GithubOptions } from "./options.ts";
import type { Writing } from "./workflow.ts";

/** The names of the variables that every job has. */
export function variablesOf({ env = {} }: Pick<GithubOptions, "env">): ReadonlySet<string> {
  return new Set(Object.keys(env));
}

export interface Permissions {
  readonly [scope: string]: string;
}

/** What every job needs beside `contents: read`: GitHub's word for who it is, where a role of AWS is had for that. */
export function permissionsForStores(services: ServicesSpec, options: GithubOptions): Permissions {
  return provesIdentity(services, variablesOf(options)) ? { "id-token": "write" } : {};
}

/** Whether run log and catalog have to travel: they do unless they are in a folder or on a server of all runners. */
export function keepsOf(services: ServicesSpec): Writing["keeps"] {
  const travels = (service: "run_log_store" | "catalog"): boolean => {
    const kept = folderOf(service, services[service]);
    return kept !== undefined && !kept.folder.startsWith("/");
  };
  return { log: travels("run_log_store"), catalog: travels("catalog") };
}
