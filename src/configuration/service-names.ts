import { type ServiceName, serviceNames } from "./service-name.ts";
import { serviceSchemas } from "./service-schemas.ts";

function _isServiceName(key: string): key is ServiceName {
  return serviceNames.some((name) => name === key);
}

/** All types that a service may have; the names of targets are executors, too. */
export function typesOf(service: ServiceName, targets: readonly string[]): readonly string[] {
  return [...Object.keys(serviceSchemas[service]), ...(service === "executor" ? targets : [])];
}

/** The same as messages name them where the targets are not known. */
export function typeWords(service: ServiceName): string {
  return `one of ${typesOf(service, []).join(", ")}${service === "executor" ? ", or the name of a target" : ""}`;
}

/** A type in its canonical spelling: dashes, and our name for what has several. */
export function serviceType(service: ServiceName, written: string): string {
  const type = written.replaceAll("_", "-");
  return aliases.get(`${service} ${type}`) ?? type;
}

/** What magnus-core and runnable call otherwise. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["run_log_store chunked-fs", "file-system"],
  ["secrets env-secrets-manager", "env-secrets"],
]);
