import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Json, type JsonObject, parseJson } from "../protocol/json.ts";
import { openServices } from "../services/open-services.ts";
import type { Services } from "../services/services.ts";
import { servicesIn } from "../services/services-in.ts";
import { UsageError } from "./usage-error.ts";

/** What the environment tells every verb: the run and its services. Throws UsageError, ServiceError. */
export function openSession(): {
  readonly run: { readonly id: string; readonly tag?: string };
  readonly services: Services;
} {
  const id = process.env.MAGNUS_RUN_ID;
  if (id === undefined || id === "") throw new UsageError("MAGNUS_RUN_ID is not set: the run that this belongs to");
  const tag = process.env.MAGNUS_RUN_TAG;
  return { run: { id, ...(tag ? { tag } : {}) }, services: readServices() };
}

export function readServices(): Services {
  const text = process.env.MAGNUS_SERVICES ?? "{}";
  let services: Json;
  try {
    services = parseJson(text);
  } catch {
    throw new UsageError("MAGNUS_SERVICES is not JSON");
  }
  return openServices(servicesIn(services), process.env, process.cwd());
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/** Node's own parser of argv, with its complaints as usage errors. */
export function readArguments<O extends Options>(argv: readonly string[], options: O, allowPositionals = false) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** `--names`: the table of names to which specs refer; a reference that is not in it is told where it stands. */
export function readNames(text: unknown = "{}"): JsonObject {
  return { ...(parseJson(readText(String(text))) as JsonObject) };
}

/** The value of an argument: itself; for `@FILE` the content of FILE (Argo passes long arguments so), `@-` standard input. */
export function readText(argument: string): string {
  if (!argument.startsWith("@")) return argument;
  try {
    return readFileSync(argument === "@-" ? 0 : argument.slice(1), "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${argument.slice(1)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
