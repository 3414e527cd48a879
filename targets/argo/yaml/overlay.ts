import * as z from "zod";
import { isObject, type Json } from "../../../src/protocol/json.ts";

const object = z.record(z.string(), z.unknown());
const template = z.looseObject({ name: z.string().min(1) });

/** What an overlay may hold: what a Workflow has, of which the API server stores nothing else. */
export const overlayOption = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: object.optional(),
  spec: z
    .looseObject({
      onExit: z.string().min(1).optional().describe("a template that runs beside what closes the run's log"),
      hooks: z
        .record(z.string(), object)
        .refine((hooks) => !("exit" in hooks), "Argo would run it instead of what closes the run's log: use `onExit`")
        .optional(),
      templates: z
        .array(template)
        .optional()
        .describe("further templates, or keys over those of one that is written, by its name"),
    })
    .optional(),
});

export type Overlay = z.infer<typeof overlayOption>;

/** A manifest with an overlay: maps key by key, templates by name, anything else replaced. */
export function withOverlay<Manifest extends { readonly spec: { readonly templates: readonly object[] } }>(
  manifest: Manifest,
  overlay: Overlay,
): { readonly [key: string]: unknown; readonly spec: object } {
  const { spec = {}, ...head } = overlay;
  // The manifest's own exit handler calls it.
  const { templates = [], onExit: _, ...others } = spec;
  const { templates: own, ...ownSpec } = manifest.spec;
  return {
    ...merge(manifest, head),
    spec: { ...merge(ownSpec, others), templates: templatesWith(own, templates) },
  };
}

function templatesWith(own: readonly object[], added: readonly { readonly name: string }[]): readonly object[] {
  const merged = new Map<unknown, object>(own.map((each) => [nameOf(each), each]));
  for (const each of added) merged.set(each.name, merge(merged.get(each.name) ?? {}, each));
  return [...merged.values()];
}

function nameOf(value: object): unknown {
  return "name" in value ? value.name : undefined;
}

function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isMapping(below) && isMapping(value) ? merge(below, value) : value;
  }
  return merged;
}

function isMapping(value: unknown): value is object {
  return isObject((value ?? null) as Json);
}
