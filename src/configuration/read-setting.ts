import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { isArray, isObject, type Json, type JsonArray, type JsonObject, setKey } from "../protocol/json.ts";
import type { TextDocument } from "../source/source-document.ts";
import { reportTwice } from "./diagnose.ts";
import type { Setting } from "./setting.ts";
import { placeKey, type SettingPlace, type Way } from "./setting-place.ts";

/** The keys of `values` but `without`, in underscores; a key without a value counts as not written. */
export function readSetting(
  type: string,
  values: JsonObject,
  without: readonly string[],
  place: SettingPlace,
  document: TextDocument,
  sink: DiagnosticSink,
): Setting {
  const config: Record<string, Json> = {};
  const places = new Map<string, SettingPlace>([[placeKey([]), place]]);
  for (const [written, value] of Object.entries(values)) {
    if (value === null || without.includes(written)) continue;
    const key = written.replaceAll("-", "_");
    const at = placeIn(document, values, written);
    const before = places.get(placeKey([key]));
    if (before !== undefined) reportTwice(sink, written, at, before);
    setKey(config, key, value);
    places.set(placeKey([key]), at);
    addPlaces(value, [key], document, places);
  }
  return { type, config, place, places };
}

/** Where the value under a key, and the key, stand. */
export function placeIn(document: TextDocument, container: JsonObject | JsonArray, key: string | number): SettingPlace {
  const value = document.valueSpan(container, key) ?? document.rootSpan;
  return { key: document.keySpan(container, key) ?? value, value };
}

function addPlaces(value: Json, way: Way, document: TextDocument, places: Map<string, SettingPlace>): void {
  if (isArray(value)) {
    for (const [i, item] of value.entries()) {
      places.set(placeKey([...way, i]), placeIn(document, value, i));
      addPlaces(item, [...way, i], document, places);
    }
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      places.set(placeKey([...way, key]), placeIn(document, value, key));
      addPlaces(item, [...way, key], document, places);
    }
  }
}
