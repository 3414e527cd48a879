import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { reportUnknownType, reportUnused, serviceWords } from "./diagnose.ts";
import type { Layer } from "./layer.ts";
import { reportIssues } from "./report-issues.ts";
import { type ServiceName, serviceNames } from "./service-name.ts";
import { typesOf } from "./service-names.ts";
import { serviceSchemas, unusedServiceKeys } from "./service-schemas.ts";
import type { Setting } from "./setting.ts";
import { placeOf } from "./setting-place.ts";

/** Reports every service whose type or keys do not exist, or whose values are of the wrong kind. */
export function checkServices(layer: Layer, targetNames: readonly string[], sink: DiagnosticSink): void {
  for (const service of serviceNames) {
    const setting = layer[service];
    // A target checks its options itself, where they are used.
    if (setting === undefined || (service === "executor" && targetNames.includes(setting.type))) continue;
    checkService(service, setting, typesOf(service, targetNames), sink);
  }
}

function checkService(service: ServiceName, setting: Setting, types: readonly string[], sink: DiagnosticSink): void {
  const { type } = setting;
  const schema = Object.hasOwn(serviceSchemas[service], type) ? serviceSchemas[service][type] : undefined;
  if (schema === undefined) {
    reportUnknownType(sink, service, type, types, setting.place);
    return;
  }
  const config = { ...setting.config };
  for (const [key, why] of unusedServiceKeys[service] ?? []) {
    if (!Object.hasOwn(config, key)) continue;
    reportUnused(sink, key, why, placeOf(setting.places, [key]));
    delete config[key];
  }
  const checked = schema.safeParse(config);
  reportIssues(`the ${type} ${serviceWords[service]}`, schema, checked.error?.issues ?? [], setting, sink);
}
