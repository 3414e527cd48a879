import type { ServiceKind } from "../stores/contract/service-kind.ts";
import type { Environment } from "../system/environment.ts";
import type { Settings } from "./read-settings.ts";

/**
 * The keys, tokens and passwords with which a service is reached, as far as its settings (variables replaced) and the
 * environment hold them: tasks have that environment, too, and what they print is shown and stored. May hold doubles.
 */
export function credentialsOf(
  { keys = {}, secretVariables = [], addressVariables = [] }: ServiceKind,
  settings: Settings,
  environment: Environment,
): readonly string[] {
  const configured = Object.entries(settings).flatMap(([key, value]) =>
    typeof value !== "string" ? [] : keys[key]?.kind === "secret" ? [value] : passwordIn(value),
  );
  const addresses = addressVariables.flatMap((name) => passwordIn(environment[name] ?? ""));
  const others = secretVariables.map((name) => environment[name] ?? "");
  return [...configured, ...addresses, ...others].filter((value) => value !== "");
}

/**
 * The password of an address, as it is and as it is written there. One that equals the user's name, as in
 * `postgres:postgres@localhost`, guards nothing: it would only make logs unreadable.
 */
function passwordIn(address: string): readonly string[] {
  if (!URL.canParse(address)) return [];
  const { username, password, searchParams } = new URL(address);
  const written = password === username ? [] : [password, decoded(password)];
  return [...written, ...searchParams.getAll("password")];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
