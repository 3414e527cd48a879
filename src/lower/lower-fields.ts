/** The fields of the table, as a task or `defaults` has them; what is not said comes from the scope's defaults. */
import { quote } from "../diagnostics/quote.ts";
import type { JsonObject } from "../protocol/json.ts";
import { type FieldName, type FieldValues, fieldAt, fieldNames, type TaskValues } from "../protocol/task-fields.ts";
import { isWritten, type Written, type WrittenKind } from "../schema/field-shapes.ts";
import { nearestSpan } from "../source/source-document.ts";
import { lowerDuration } from "./duration.ts";
import { lowerBackoff } from "./lower-backoff.ts";
import { lowerCatalog } from "./lower-catalog.ts";
import { lowerResources } from "./lower-resources.ts";
import type { FieldPlace, LoweringScope } from "./lowering-scope.ts";

/** How each kind of value is read; undefined: it says nothing, or what is wrong with it was reported. */
const lowerAs: {
  readonly [Kind in WrittenKind]: (
    written: Written[Kind],
    place: FieldPlace,
    inherited: FieldValues[Kind] | undefined,
  ) => FieldValues[Kind] | undefined;
} = {
  text: (written) => written,
  count: (written) => written,
  names: lowerNames,
  variables: (written, _place, inherited) => ({ ...inherited, ...written }),
  duration: (written, { key, container, scope: { document, sink } }) =>
    lowerDuration(written, { label: key, span: document.valueSpan(container, key), least: 1 }, sink),
  backoff: lowerBackoff,
  resources: lowerResources,
  returns: lowerReturns,
  catalog: lowerCatalog,
};

/** `fields`: as their shapes read them, those of `container`. */
export function lowerFields(
  fields: { readonly [key: string]: unknown },
  container: JsonObject,
  scope: LoweringScope,
): Partial<TaskValues> {
  const values: Partial<Record<FieldName, unknown>> = {};
  for (const name of fieldNames) {
    const { key, kind } = fieldAt(name);
    const inherited = scope.defaults[name];
    const written = key === undefined ? undefined : (fields[key] ?? undefined);
    const value =
      key === undefined || written === undefined || !isWritten(kind)
        ? undefined
        : lowerOne(kind, written, { key, container, scope }, inherited);
    if ((value ?? inherited) !== undefined) values[name] = value ?? inherited;
  }
  return values as Partial<TaskValues>;
}

/** What a shape read is what its kind has; the compiler cannot follow that through the table. */
function lowerOne<Kind extends WrittenKind>(kind: Kind, written: unknown, place: FieldPlace, inherited: unknown) {
  return lowerAs[kind](written as Written[Kind], place, inherited as FieldValues[Kind] | undefined);
}

/** What a task has that says nothing of it. */
export const usualValues = Object.fromEntries(
  fieldNames.flatMap((name) => (fieldAt(name).usual === undefined ? [] : [[name, fieldAt(name).usual]])),
) as TaskValues;

function lowerReturns(
  entries: Written["returns"],
  { key, container, scope: { document, sink } }: FieldPlace,
): FieldValues["returns"] {
  const seen = new Set<string>();
  return entries.map((entry, index) => {
    const { name, kind } = typeof entry === "string" ? { name: entry, kind: undefined } : entry;
    if (seen.has(name)) {
      const span = nearestSpan(document, container, [key, index, "name"]);
      sink.report("duplicate-name", { label: quote(key), name, span });
    }
    seen.add(name);
    return { name, kind: kind ?? "json" };
  });
}

function lowerNames(names: Written["names"], { key, container, scope: { document, sink } }: FieldPlace) {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const span = nearestSpan(document, container, [key, index]);
    if (seen.has(name)) sink.report("duplicate-name", { label: quote(key), name, span });
    seen.add(name);
  }
  return [...seen];
}
