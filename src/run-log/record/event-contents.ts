import type { Event } from "../../protocol/event.ts";
import { digestsIn } from "../../protocol/object-value.ts";

/** What an event says is in the catalog: files that a step put, objects that it returned, each with what a person calls it. */
export function contentsOf(event: Event): readonly (readonly [digest: string, name: string])[] {
  if (event.kind === "catalog.put") {
    return event.data.files.flatMap(({ digest, digestOnly, name }) =>
      digestOnly === undefined && !name.endsWith("/") ? [[digest, `the file ${name}`]] : [],
    );
  }
  if (event.kind !== "step.finished") return [];
  return Object.entries(event.data.delta ?? {}).flatMap(([name, value]) =>
    digestsIn(value).map((digest) => [digest, `the object "${name}"`] as const),
  );
}
