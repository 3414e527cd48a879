import * as z from "zod";
import { type FieldName, type FieldValues, fieldAt, fieldNames, type taskFields } from "../protocol/task-fields.ts";
import { factor, optional, scalarText, text, wholeNumber } from "./fields.ts";

const pattern = z.union([
  z.string(),
  z.strictObject({ pattern: text, optional: optional(z.boolean()), store_copy: optional(z.boolean()) }),
]);

/** How each kind of value is written. */
const writtenAs = {
  text,
  names: z.array(text),
  variables: z.record(z.string(), scalarText),
  count: wholeNumber(1),
  duration: scalarText,
  backoff: z.strictObject({ initial: optional(scalarText), factor: optional(factor), max: optional(scalarText) }),
  resources: z.strictObject({ cpu: optional(scalarText), memory: optional(scalarText), gpu: optional(scalarText) }),
  returns: z.array(
    z.union([z.string(), z.strictObject({ name: text, kind: optional(z.enum(["json", "metric", "object"])) })]),
  ),
  catalog: z.strictObject({
    get: optional(z.array(pattern)),
    put: optional(z.array(pattern)),
    /** runnable: false records the digests of all of `put` only. */
    store_copy: optional(z.boolean()),
    /** magnus-core 0.4: the folder that patterns are relative to. */
    compute_data_folder: optional(text),
  }),
};

/** Kinds of values that stand under one key. */
export type WrittenKind = Exclude<keyof FieldValues, "notebook"> & keyof typeof writtenAs;
export type Written = { readonly [Kind in WrittenKind]: z.output<(typeof writtenAs)[Kind]> };

type Fields = typeof taskFields;
type Shared = { [Name in FieldName]: Fields[Name] extends { readonly inDefaults: true } ? Name : never }[FieldName];
type Own = Exclude<FieldName, Shared | "notebook">;
type Shapes<Names extends Shared | Own> = {
  [Name in Names as Fields[Name]["key"]]: z.ZodOptional<z.ZodNullable<(typeof writtenAs)[Fields[Name]["kind"]]>>;
};

/** The keys that steps and `defaults` share. */
export const sharedShapes = shapesOf((name) => fieldAt(name).inDefaults === true) as Shapes<Shared>;
/** Those of steps alone; the last first, which is how messages list them. */
export const ownShapes = shapesOf((name) => !fieldAt(name).inDefaults, true) as Shapes<Own>;

/** The compiler cannot follow the table through a loop. */
function shapesOf(wanted: (name: FieldName) => boolean, lastFirst = false): object {
  const entries = fieldNames.filter(wanted).flatMap((name) => {
    const { key, kind } = fieldAt(name);
    return key === undefined || !isWritten(kind) ? [] : [[key, optional<z.ZodType>(writtenAs[kind])] as const];
  });
  return Object.fromEntries(lastFirst ? entries.reverse() : entries);
}

export function isWritten(kind: keyof FieldValues): kind is WrittenKind {
  return Object.hasOwn(writtenAs, kind);
}
