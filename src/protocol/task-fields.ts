/**
 * The fields of a task, each told once: its key in documents, the kind of its values, and who has it. The shapes of steps
 * and of `defaults`, lowering, the IR, its printed form and step specs follow from the table.
 */
import { isArray, isObject, type Json, type JsonObject } from "./json.ts";

/** Kinds of values, as the IR and step specs hold them. How one is written is in `src/schema`, how it is read in `src/lower`. */
export interface FieldValues {
  readonly text: string;
  /** Each once. */
  readonly names: readonly string[];
  readonly variables: { readonly [name: string]: string };
  /** At least 1. */
  readonly count: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly backoff: { readonly initialMs: number; readonly factor: number; readonly maxMs: number };
  readonly resources: Resources;
  readonly returns: readonly { readonly name: string; readonly kind: ReturnKind }[];
  readonly catalog: { readonly get: readonly CatalogPattern[]; readonly put: readonly CatalogPattern[] };
  readonly notebook: { readonly outputPath?: string; readonly outputTag?: string };
}

interface TaskField {
  /** In documents; absent: it is made of keys of its own. */
  readonly key?: string;
  readonly kind: keyof FieldValues;
  /** `defaults` may give it to all tasks. */
  readonly inDefaults?: true;
  /** The shim gets it. */
  readonly inSpec?: true;
  /** What a task has that says nothing; absent: nothing. Specs and the printed IR leave it out. */
  readonly usual?: unknown;
}

/** In the order in which specs have them. */
export const taskFields = {
  image: { key: "image", kind: "text", inDefaults: true, inSpec: true },
  shell: { key: "shell", kind: "text", inDefaults: true, inSpec: true },
  returns: { key: "returns", kind: "returns", inSpec: true, usual: [] },
  env: { key: "env", kind: "variables", inDefaults: true, inSpec: true, usual: {} },
  secrets: { key: "secrets", kind: "names", inSpec: true, usual: [] },
  catalog: { key: "catalog", kind: "catalog", inSpec: true, usual: { get: [], put: [] } },
  resources: { key: "resources", kind: "resources", inDefaults: true },
  timeoutMs: { key: "timeout", kind: "duration", inDefaults: true, inSpec: true },
  maxAttempts: { key: "max_attempts", kind: "count", inDefaults: true, inSpec: true, usual: 1 },
  backoff: { key: "backoff", kind: "backoff", inDefaults: true, inSpec: true },
  notebook: { kind: "notebook", inSpec: true },
} as const satisfies { readonly [name: string]: TaskField };

type Fields = typeof taskFields;
export type FieldName = keyof Fields;
export type FieldValue<Name extends FieldName> = FieldValues[Fields[Name]["kind"]];

type Having<Part> = { [Name in FieldName]: Fields[Name] extends Part ? Name : never }[FieldName];
type Usual = Having<{ readonly usual: unknown }>;

/** Those of a task of the IR. */
export type TaskValues = { readonly [Name in Usual]: FieldValue<Name> } & {
  readonly [Name in Exclude<FieldName, Usual>]?: FieldValue<Name>;
};

/** Those of a step spec. */
export type SpecValues = {
  readonly [Name in Having<{ readonly inSpec: true }>]?: Fields[Name]["kind"] extends "catalog"
    ? Partial<FieldValue<Name>>
    : FieldValue<Name>;
};

export const fieldNames: readonly FieldName[] = Object.keys(taskFields).filter(isFieldName);

function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(taskFields, name);
}

export function fieldAt(name: FieldName): TaskField {
  return taskFields[name];
}

/** The fields of a task that say more than nothing, without empty parts. */
export function saidFields(task: TaskValues, wanted: (field: TaskField) => boolean = () => true): JsonObject {
  const said: Record<string, Json> = {};
  for (const name of fieldNames) {
    const field = fieldAt(name);
    const value: Json | undefined = wanted(field) ? task[name] : undefined;
    if (value === undefined || value === field.usual) continue;
    const kept = isObject(value) ? withoutEmpty(value) : value;
    if (!isEmpty(kept)) said[name] = kept;
  }
  return said;
}

function withoutEmpty(value: JsonObject): JsonObject {
  const parts = Object.entries(value);
  return parts.some(([, part]) => isEmpty(part))
    ? Object.fromEntries(parts.filter(([, part]) => !isEmpty(part)))
    : value;
}

/** A list or mapping with nothing in it. */
export function isEmpty(value: Json): boolean {
  return (isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
}

export type CatalogPattern = {
  readonly pattern: string;
  readonly optional?: true;
  /** put: record the digest only. */
  readonly digestOnly?: true;
};

export type ReturnKind = "json" | "metric" | "object";

export type Resources = {
  /** Kubernetes quantities as text (`500m`, `2Gi`); `gpu` a count as text. */
  readonly cpu?: string;
  readonly memory?: string;
  readonly gpu?: string;
};
