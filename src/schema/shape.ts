import * as z from "zod";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Json } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";

/** The keys of one mapping of a document. Mappings inside of it that have a shape of their own are checked later. */
export interface Shape<Fields extends z.ZodRawShape = z.ZodRawShape> {
  readonly keys: readonly string[];
  readonly whole: z.ZodType<z.output<z.ZodObject<Fields>>>;
  /** For what is left of a mapping that is wrong. */
  readonly parts: z.ZodType<FieldsOf<Fields>>;
}

/** The mapping that is read, for messages. */
export interface ShapePlace {
  readonly document: SourceDocument<Json>;
  readonly sink: DiagnosticSink;
  /** `step "fit"`, `the document`. */
  readonly what: string;
  /** Where a missing key is missed. */
  readonly span: Span | undefined;
  /** Keys that are allowed although no shape has them. */
  readonly allows?: (key: string) => boolean;
  /** What to say of an unknown key. */
  readonly remark?: (key: string) => string | undefined;
}

/** Fields of which any may be missing, because they were left out or wrong. */
export type FieldsOf<Fields extends z.ZodRawShape> = {
  readonly [Key in keyof z.output<z.ZodObject<Fields>>]?: z.output<z.ZodObject<Fields>>[Key] | undefined;
};

export type ShapeOf<S> = S extends Shape<infer Fields> ? FieldsOf<Fields> : never;

export function shape<Fields extends z.ZodRawShape>(fields: Fields): Shape<Fields> {
  const whole = z.strictObject(fields);
  return { keys: Object.keys(fields), whole, parts: partsOf(whole) };
}

/** A shape that allows any other keys. */
export function openShape<Fields extends z.ZodRawShape>(fields: Fields): Shape<Fields> {
  const whole = z.looseObject(fields);
  return { keys: Object.keys(fields), whole, parts: partsOf(whole) };
}

/** The compiler cannot follow zod's `partial` through a type parameter. */
function partsOf<Fields extends z.ZodRawShape>(whole: z.ZodObject<Fields>): z.ZodType<FieldsOf<Fields>> {
  return whole.partial() as unknown as z.ZodType<FieldsOf<Fields>>;
}
