import { shownFlag } from "../diagnostics/shown-flag.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { isArray, isObject, type Json, type JsonObject, setKey } from "../protocol/json.ts";
import { readParameterText } from "../protocol/merge-parameters.ts";
import { usualType } from "../services/services-elsewhere.ts";
import { reportBadSet } from "./diagnose.ts";
import type { Layer } from "./layer.ts";
import { reportTopLevelKey, topLevelKey } from "./read-layer.ts";
import { serviceType } from "./service-names.ts";
import type { Setting } from "./setting.ts";
import { placeKey, type SettingPlace, type Way } from "./setting-place.ts";

/**
 * Lays `--set key=value` flags over what files say. The key is the way to a value, its parts joined by dots
 * (`catalog.type`, `catalog.config.catalog_location` or without `config`, `targets.argo.labels.team`; `\.` is a dot
 * within a part); the value is JSON, else text. Types first: another type of a service begins with no keys.
 */
export function applyFlags(layer: Layer, flags: readonly string[], sink: DiagnosticSink): Layer {
  const parsed = flags.flatMap((flag) => parseFlag(flag, sink) ?? []);
  const types = parsed.filter(isTypeFlag);
  return [...types, ...parsed.filter((flag) => !types.includes(flag))].reduce(
    (before, flag) => applyFlag(before, flag, sink),
    layer,
  );
}

interface Flag {
  readonly key: NonNullable<ReturnType<typeof topLevelKey>>;
  /** Behind the key, dashes as written. */
  readonly way: readonly string[];
  readonly text: string;
  readonly place: SettingPlace;
}

function parseFlag(flag: string, sink: DiagnosticSink): Flag | undefined {
  const place = { flag: shownFlag("--set", flag) };
  const at = flag.indexOf("=");
  const parts = at < 0 ? [] : splitAtDots(flag.slice(0, at));
  const [first = "", ...way] = parts;
  if (parts.length === 0 || parts.includes("")) {
    reportBadSet(sink, place, "it must be key=value, such as `catalog.type=do-nothing`");
    return undefined;
  }
  const key = topLevelKey(first);
  if (key === undefined || key === "defaults") {
    reportTopLevelKey(first, place, sink);
    return undefined;
  }
  const least = key === "targets" ? 2 : key === "isolate" || key === "grace" ? 0 : 1;
  if (way.length < least || (least === 0 && way.length > 0)) {
    reportBadSet(sink, place, shapes[key]);
    return undefined;
  }
  return { key, way, text: flag.slice(at + 1), place };
}

const service = "give one of its keys, such as";
const shapes = {
  executor: `${service} \`executor.type=local\``,
  run_log_store: `${service} \`run_log_store.type=buffered\``,
  catalog: `${service} \`catalog.type=do-nothing\``,
  secrets: `${service} \`secrets.type=dotenv\``,
  experiment_tracker: `${service} \`experiment_tracker.type=do-nothing\``,
  targets: "name a target and one of its options, such as `targets.argo.namespace=ml`",
  isolate: "write `isolate=auto`, `isolate=always` or `isolate=never`",
  grace: "write a duration, such as `grace=30s`",
} as const;

function splitAtDots(key: string): readonly string[] {
  return key.split(/(?<!\\)\./).map((part) => part.replaceAll("\\.", "."));
}

function isTypeFlag({ key, way }: Flag): boolean {
  return key !== "targets" && way.length === 1 && way[0] === "type";
}

function applyFlag(layer: Layer, flag: Flag, sink: DiagnosticSink): Layer {
  const { key, way, text, place } = flag;
  if (key === "isolate") return { ...layer, isolate: { value: text, place } };
  if (key === "grace") return { ...layer, grace: { value: text, place } };
  if (key === "targets") {
    const [written = "", ...rest] = way;
    const name = written.replaceAll("_", "-");
    const before = layer.targets?.[name] ?? emptySetting(name, place);
    return {
      ...layer,
      targets: { ...layer.targets, [name]: setPart(before, rest, readParameterText(text, false), flag, sink) },
    };
  }
  if (key === "defaults") return layer;
  if (isTypeFlag(flag)) return { ...layer, [key]: withType(layer[key], serviceType(key, text), place) };
  const rest = way[0] === "config" ? way.slice(1) : way;
  if (rest.length === 0) {
    reportBadSet(sink, place, shapes[key]);
    return layer;
  }
  // A service that nobody configured is the default one.
  const before = layer[key] ?? emptySetting(key === "executor" ? "local" : usualType(key), place);
  return { ...layer, [key]: setPart(before, rest, readServiceValue(text), flag, sink) };
}

/** Keys of services hold texts, truth values, lists and mappings: a number stands for its text (`log_folder=2024`). */
function readServiceValue(text: string): Json {
  const value = readParameterText(text, false);
  const isTaken = typeof value === "boolean" || typeof value === "string" || isObject(value) || isArray(value);
  return isTaken ? value : text;
}

function emptySetting(type: string, place: SettingPlace): Setting {
  return { type, config: {}, place, places: new Map([[placeKey([]), place]]) };
}

function withType(before: Setting | undefined, type: string, place: SettingPlace): Setting {
  if (before?.type !== type) return emptySetting(type, place);
  return { ...before, place };
}

function setPart(setting: Setting, written: readonly string[], value: Json, flag: Flag, sink: DiagnosticSink): Setting {
  const [first = "", ...rest] = written;
  const way = [first.replaceAll("-", "_"), ...rest];
  const config = replaceAt(setting.config, way, value);
  if (!isObject(config)) {
    reportBadSet(sink, flag.place, `index out of range in the list at \`${first}\``);
    return setting;
  }
  const key = placeKey(way);
  const within = `${key.slice(0, -1)},`;
  const kept = [...setting.places].filter(([at]) => at !== key && !at.startsWith(within));
  return { ...setting, config, places: new Map([...kept, [key, flag.place]]) };
}

/** A copy with the value at the end of the way; mappings are made as needed; undefined: the way leads out of a list. */
function replaceAt(container: Json | undefined, way: Way, value: Json): Json | undefined {
  const [key, ...rest] = way;
  if (key === undefined) return value;
  if (isArray(container)) {
    const index = Number(key);
    const item = container[index];
    const replaced = item === undefined ? undefined : replaceAt(item, rest, value);
    return replaced === undefined ? undefined : container.with(index, replaced);
  }
  const before: JsonObject = isObject(container) ? container : {};
  const part = replaceAt(Object.hasOwn(before, key) ? before[key] : undefined, rest, value);
  if (part === undefined) return undefined;
  const copy: Record<string, Json> = { ...before };
  setKey(copy, String(key), part);
  return copy;
}
