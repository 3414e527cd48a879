import { isNumber, isObject, type Json, type JsonObject, printJson } from "../protocol/json.ts";
import { ServiceError, type ServiceSettings, type ServicesSpec } from "../protocol/services.ts";
import { refuseUnknown } from "./read-settings.ts";

/**
 * The services in the JSON that compiled files carry. Checked by hand, since the shim reads it. Throws a ServiceError, one line
 * for people, where it is of another shape; what a service's own keys hold is checked where it is opened.
 */
export function servicesIn(services: Json): ServicesSpec {
  if (!isObject(services)) throw new ServiceError(`the services are no JSON object but ${printJson(services)}`);
  refuseUnknown(services, "services", [...names, "isolate", "graceMs"]);
  const spec: { [name in (typeof names)[number]]?: ServiceSettings } = {};
  for (const name of names) {
    const settings = services[name];
    if (settings !== undefined) spec[name] = settingsIn(name, settings);
  }
  return { ...spec, ...isolateIn(services), ...graceIn(services) };
}

const names = ["run_log_store", "catalog", "secrets", "experiment_tracker"] as const;

function settingsIn(name: string, settings: Json): ServiceSettings {
  if (isObject(settings)) {
    const { type } = settings;
    if (typeof type === "string") return { ...settings, type };
  }
  throw new ServiceError(`${name} must be an object with a type; it is ${printJson(settings)}`);
}

function isolateIn({ isolate }: JsonObject): Pick<ServicesSpec, "isolate"> {
  if (isolate === undefined || isolate === "auto") return {};
  if (isolate === "always" || isolate === "never") return { isolate };
  throw new ServiceError(`isolate must be "auto", "always" or "never"; it is ${printJson(isolate)}`);
}

function graceIn({ graceMs }: JsonObject): Pick<ServicesSpec, "graceMs"> {
  if (graceMs === undefined) return {};
  const value = isNumber(graceMs) ? Number(printJson(graceMs)) : Number.NaN;
  if (value >= 0) return { graceMs: value };
  throw new ServiceError(`graceMs must be a number of milliseconds; it is ${printJson(graceMs)}`);
}
