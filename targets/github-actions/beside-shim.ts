import { isObject, parseJson } from "../../src/protocol/json.ts";
import { looksForAwsKeys, needsServer, type ServicesSpec } from "../../src/protocol/services.ts";
import type { EmitContext, OutputFile } from "../../src/target/target.ts";
import type { GithubOptions } from "./options.ts";

/** What the shim loads from beside itself where the services ask for it: what reaches stores and trackers on servers. */
export function besideShim({ services, program, options }: EmitContext<GithubOptions>): readonly OutputFile[] {
  const spec = servicesIn({ services });
  const names = [
    ...(needsServer(spec) ? ["stores.cjs"] : []),
    // Larger than all others together.
    ...(looksForAwsKeys(spec, variablesOf(options)) ? ["aws-credentials.cjs"] : []),
    ...(spec.experiment_tracker?.type === "mlflow" ? ["tracker.cjs"] : []),
  ];
  return names.map((name) => ({ path: `.github/magnus/${name}`, content: program(name) }));
}

/** The services' JSON, read; no service where all are as by default. */
export function servicesIn({ services }: Pick<EmitContext<unknown>, "services">): ServicesSpec {
  const spec = parseJson(services ?? "{}");
  return isObject(spec) ? (spec as unknown as ServicesSpec) : {};
}

/** The names of the variables that every job has. */
export function variablesOf({ env = {} }: Pick<GithubOptions, "env">): ReadonlySet<string> {
  return new Set(Object.keys(env));
}

/** What every job needs beside `contents: read`: GitHub's word for who it is, where a role of AWS is had for that. */
export function permissionsForStores(context: Pick<EmitContext<GithubOptions>, "services" | "options">): Permissions {
  const given = variablesOf(context.options);
  const byToken = given.has("AWS_ROLE_ARN") && !given.has("AWS_PROFILE") && !given.has("AWS_WEB_IDENTITY_TOKEN_FILE");
  return byToken && looksForAwsKeys(servicesIn(context), given) ? { "id-token": "write" } : {};
}

export interface Permissions {
  readonly [scope: string]: string;
}
