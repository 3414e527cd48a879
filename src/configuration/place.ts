import type { Span } from "../source/source-file.ts";

/** Where a part of the configuration was written: in a file, or by a flag. */
export type Place = { readonly key: Span; readonly value: Span } | { readonly flag: string };

/** The places of a value's parts by {@link placeKey} of the way to them. */
export type Places = ReadonlyMap<string, Place>;

export type Way = readonly (string | number)[];

export function placeKey(way: Way): string {
  return JSON.stringify(way.map(String));
}

/** The place of a part, or of the nearest part around it that was written. */
export function placeOf(places: Places, way: Way): Place | undefined {
  for (let length = way.length; length >= 0; length--) {
    const place = places.get(placeKey(way.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What a diagnostic says of a place: a span, or the flag in words before its message. */
export function pointAt(
  place: Place | undefined,
  part: "key" | "value",
): { readonly span?: Span; readonly from: string } {
  if (place === undefined) return { from: "" };
  return "flag" in place ? { from: `${place.flag}: ` } : { span: place[part], from: "" };
}
