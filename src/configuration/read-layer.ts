import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { readYaml } from "../frontends/yaml.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import type { TextDocument } from "../source/source-document.ts";
import type { SourceFile } from "../source/source-file.ts";
import { reportMissing, reportShape, reportTwice, reportUnknownKey, reportUnused } from "./diagnose.ts";
import { type Layer, overlay } from "./layer.ts";
import { placeIn, readSetting } from "./read-setting.ts";
import { type ServiceName, serviceNames } from "./service-name.ts";
import { serviceType, typeWords } from "./service-names.ts";
import type { Setting } from "./setting.ts";
import type { SettingPlace } from "./setting-place.ts";

type MutableLayer = { -readonly [key in keyof Layer]: Layer[key] };

/** Reads a configuration file; in any, the services may also stand under `defaults`, as in magnus-core. */
export function readLayer(file: SourceFile, sink: DiagnosticSink): Layer {
  const document = readYaml(file, sink);
  if (document === undefined || document.value === null) return {};
  if (isObject(document.value)) return readServices(document.value, document, sink);
  const place = { key: document.rootSpan, value: document.rootSpan };
  reportShape(sink, "a configuration file", "a mapping of services", document.value, place);
  return {};
}

function readServices(root: JsonObject, document: TextDocument, sink: DiagnosticSink): Layer {
  const layer: MutableLayer = {};
  let beneath: Layer = {};
  const seen = new Map<string, SettingPlace>();
  for (const [written, value] of Object.entries(root)) {
    const key = topLevelKey(written);
    const place = placeIn(document, root, written);
    if (key === undefined) {
      reportForeignKey(written, root, document, sink);
      continue;
    }
    const before = seen.get(key);
    if (before !== undefined) reportTwice(sink, written, place, before);
    seen.set(key, place);
    if (value === null) continue;
    if (key === "isolate" || key === "grace") layer[key] = { value, place };
    else if (!isObject(value)) reportShape(sink, `\`${written}\``, "a mapping", value, place);
    else if (key === "defaults") beneath = readServices(value, document, sink);
    else if (key === "targets") layer.targets = readTargets(value, document, sink);
    else {
      const setting = readService(key, value, place, document, sink);
      if (setting !== undefined) layer[key] = setting;
    }
  }
  return overlay(beneath, layer);
}

const topLevelKeys = [...serviceNames, "targets", "isolate", "grace", "defaults"] as const;

/** The canonical top-level key; undefined: there is none. `run-log-store` is `run_log_store`. */
export function topLevelKey(written: string): (typeof topLevelKeys)[number] | undefined {
  const key = written.replaceAll("-", "_");
  // runnable's name of it.
  if (key === "pipeline_executor") return "executor";
  return topLevelKeys.find((known) => known === key);
}

/** Reports a key that a configuration does not have: where it is runnable's and means nothing here, as a warning. */
export function reportTopLevelKey(written: string, place: SettingPlace, sink: DiagnosticSink): void {
  const unused = unusedKeys.get(written.replaceAll("-", "_"));
  if (unused !== undefined) reportUnused(sink, written, unused, place);
  else reportUnknownKey(sink, written, "the configuration", topLevelKeys, place);
}

const unusedKeys: ReadonlyMap<string, string> = new Map([
  ["job_executor", "pipelines are run by `executor`"],
  ["pickler", "Python itself pickles the objects that a step returns"],
]);

/** YAML anchors have to stand somewhere: a key that holds one, or begins with `x-`, is the user's own. */
function reportForeignKey(written: string, root: JsonObject, document: TextDocument, sink: DiagnosticSink): void {
  if (written.startsWith("x-") || document.isAnchored(root, written)) return;
  reportTopLevelKey(written, placeIn(document, root, written), sink);
}

function readTargets(targets: JsonObject, document: TextDocument, sink: DiagnosticSink): { [name: string]: Setting } {
  const settings: Record<string, Setting> = {};
  for (const [written, value] of Object.entries(targets)) {
    const place = placeIn(document, targets, written);
    const name = written.replaceAll("_", "-");
    if (value === null) continue;
    if (isObject(value)) settings[name] = readSetting(name, value, [], place, document, sink);
    else reportShape(sink, `\`${written}\``, "a mapping of the target's options", value, place);
  }
  return settings;
}

/** A service is `{type, config: {…}}`; as in runnable, its keys may also stand beside `type`. */
function readService(
  service: ServiceName,
  value: JsonObject,
  place: SettingPlace,
  document: TextDocument,
  sink: DiagnosticSink,
): Setting | undefined {
  const { type, config } = value;
  const types = typeWords(service);
  if (type === undefined || type === null) {
    reportMissing(sink, `\`${service}\``, "type", place, types);
    return undefined;
  }
  const typePlace = placeIn(document, value, "type");
  if (typeof type !== "string") {
    reportShape(sink, "`type`", types, type, typePlace);
    return undefined;
  }
  const canonical = serviceType(service, type);
  const beside = readSetting(canonical, value, ["type", "config"], typePlace, document, sink);
  if (config === undefined || config === null) return beside;
  if (!isObject(config)) {
    reportShape(sink, "`config`", "a mapping", config, placeIn(document, value, "config"));
    return undefined;
  }
  for (const key of Object.keys(beside.config)) {
    const written = Object.keys(value).find((name) => name.replaceAll("-", "_") === key) ?? key;
    reportUnknownKey(sink, written, `\`${service}\``, ["type", "config"], placeIn(document, value, written));
  }
  return readSetting(canonical, config, [], typePlace, document, sink);
}
