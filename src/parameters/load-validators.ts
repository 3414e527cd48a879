import type { AnySchemaObject, ErrorObject } from "ajv";

/** The errors of a value; none where it is valid. */
export type Validate = (value: unknown) => readonly ErrorObject[];

/** JSON Schema, draft 2020-12, and 2019-09 or 7 where a schema's `$schema` says so. */
export interface Validators {
  /** What is wrong with a schema by its draft's own schema. */
  schemaErrors(schema: unknown): readonly ErrorObject[];
  /** Throws an Error where the schema cannot be compiled: unknown keywords, references that lead nowhere. */
  compile(schema: unknown): Validate;
}

/** Loads ajv. Unknown keywords are errors, so that a misspelt one does not check nothing. */
export async function loadValidators(): Promise<Validators> {
  // From `default`: a bundle of these CommonJS modules exports nothing else.
  const [draft7, draft2019, draft2020, formats] = await Promise.all([
    import("ajv"),
    import("ajv/dist/2019.js"),
    import("ajv/dist/2020.js"),
    import("ajv-formats"),
  ]);
  const options = {
    allErrors: true,
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    logger: false,
  } as const;
  const ajvFor = (schema: unknown) => {
    const draft = isObject(schema) ? String(schema.$schema ?? "") : "";
    // An instance a schema: two parameters may use the same `$id`.
    const ajv = /draft-0[67]/.test(draft)
      ? new draft7.default.Ajv(options)
      : draft.includes("2019-09")
        ? new draft2019.default.Ajv2019(options)
        : new draft2020.default.Ajv2020(options);
    formats.default.default(ajv);
    return ajv;
  };
  return {
    schemaErrors: (schema) => {
      const ajv = ajvFor(schema);
      if (!isObject(schema)) return [];
      ajv.validateSchema(schema);
      return ajv.errors ?? [];
    },
    compile: (schema) => {
      if (isObject(schema) && "$async" in schema) throw new Error("`$async` schemas cannot be used");
      const validate = ajvFor(schema).compile(isObject(schema) ? schema : {});
      return (value) => (validate(value) ? [] : (validate.errors ?? []));
    },
  };
}

function isObject(value: unknown): value is AnySchemaObject {
  return typeof value === "object" && value !== null;
}

/** The types of JSON Schema. */
export const typeNames: readonly string[] = ["string", "number", "integer", "boolean", "array", "object", "null"];

/** Keywords of JSON Schema, to suggest one for a misspelling. */
export const keywordNames: readonly string[] = [
  ..."type enum const title description default examples format $ref $defs definitions".split(" "),
  ..."minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern".split(" "),
  ..."items prefixItems additionalItems contains minItems maxItems uniqueItems minContains maxContains".split(" "),
  ..."properties required additionalProperties patternProperties propertyNames minProperties maxProperties".split(" "),
  ..."dependentRequired dependentSchemas unevaluatedItems unevaluatedProperties".split(" "),
  ..."allOf anyOf oneOf not if then else".split(" "),
];
