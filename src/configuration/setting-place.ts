import type { Span } from "../source/source-file.ts";

/** Where a part of the configuration was written: in a file, or by a flag. */
export type SettingPlace = { readonly key: Span; readonly value: Span } | { readonly flag: string };

/** The places of a value's parts by {@link placeKey} of the way to them. */
export type SettingPlaces = ReadonlyMap<string, SettingPlace>;

export type Way = readonly (string | number)[];

export function placeKey(way: Way): string {
  return JSON.stringify(way.map(String));
}

/** The place of a part, or of the nearest part around it that was written. */
export function placeOf(places: SettingPlaces, way: Way): SettingPlace | undefined {
  for (let length = way.length; length >= 0; length--) {
    const place = places.get(placeKey(way.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What a diagnostic says of a place: a span, or the flag in words before its message. */
export function pointAt(
  place: SettingPlace | undefined,
  part: "key" | "value",
): { readonly span?: Span; readonly from: string } {
  if (place === undefined) return { from: "" };
  return "flag" in place ? { from: `${place.flag}: ` } : { span: place[part], from: "" };
}
