import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { isArray, isObject, type Json, setKey } from "../protocol/json.ts";
import {
  lookupIn,
  substituteVariables,
  type VariableLookup,
  type VariableReference,
  variablesOf,
} from "../protocol/services.ts";
import type { Environment } from "../system/environment.ts";
import type { Configuration } from "./configuration.ts";
import type { Setting } from "./setting.ts";
import { placeOf, pointAt, type SettingPlace, type SettingPlaces, type Way } from "./setting-place.ts";

/**
 * The configuration with the variables of its executor and targets replaced, as compiling needs it. The services keep
 * theirs: they are replaced where the run happens, so that no password is ever compiled into a file.
 */
export function resolveVariables(
  configuration: Configuration,
  environment: Environment,
  sink: DiagnosticSink,
): Configuration {
  const lookup = lookupIn(environment);
  const targets: Record<string, Setting> = {};
  for (const [name, setting] of Object.entries(configuration.targets))
    targets[name] = resolveSetting(setting, lookup, sink);
  return { ...configuration, executor: resolveSetting(configuration.executor, lookup, sink), targets };
}

/** Reports the variables of a setting that are not set or malformed. */
export function checkVariables(setting: Setting, environment: Environment, sink: DiagnosticSink): void {
  resolveSetting(setting, lookupIn(environment), sink);
}

function resolveSetting(setting: Setting, lookup: VariableLookup, sink: DiagnosticSink): Setting {
  const config: Record<string, Json> = {};
  for (const [key, value] of Object.entries(setting.config)) {
    setKey(config, key, resolveValue(value, [key], setting.places, lookup, sink));
  }
  return { ...setting, config };
}

function resolveValue(
  value: Json,
  way: Way,
  places: SettingPlaces,
  lookup: VariableLookup,
  sink: DiagnosticSink,
): Json {
  if (typeof value === "string") {
    reportVariables(value, way, placeOf(places, way), lookup, sink);
    return substituteVariables(value, lookup);
  }
  if (isArray(value)) return value.map((item, i) => resolveValue(item, [...way, i], places, lookup, sink));
  if (!isObject(value)) return value;
  const resolved: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    setKey(resolved, key, resolveValue(item, [...way, key], places, lookup, sink));
  }
  return resolved;
}

function reportVariables(
  text: string,
  way: Way,
  place: SettingPlace | undefined,
  lookup: VariableLookup,
  sink: DiagnosticSink,
): void {
  for (const reference of variablesOf(text)) {
    const where = pointAt(narrow(place, text, reference), "value");
    if (reference.kind === "malformed") sink.report("bad-variable", { ...where, text: reference.name });
    else if (lookup(reference.name) === undefined) {
      sink.report("unset-variable", { ...where, name: reference.name, key: `\`${way.join(".")}\`` });
    }
  }
}

/** The reference itself within the value, where the file shows the value as it is (no escapes or folded lines before it). */
function narrow(
  place: SettingPlace | undefined,
  text: string,
  { start, end }: VariableReference,
): SettingPlace | undefined {
  if (place === undefined || "flag" in place) return place;
  const { file, start: from, end: to } = place.value;
  const at = file.text.slice(from, to).indexOf(text.slice(0, end));
  if (at < 0) return place;
  return { ...place, value: { file, start: from + at + start, end: from + at + end } };
}
