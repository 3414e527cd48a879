/**
 * Prints src/simulate/argo/check/field-types.ts from the CustomResourceDefinition of Workflows, as a cluster or a release of Argo
 * has it: `kubectl get crd workflows.argoproj.io -o yaml | node scripts/argo-field-types.mjs 4.1.2`. Only what the target
 * `argo` can print is kept.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

const [version = "?"] = process.argv.slice(2);
const { versions } = parse(readFileSync(0, "utf8"), { maxAliasCount: -1 }).spec;
const { spec } = versions[0].schema.openAPIV3Schema.properties;

/** Objects of which no part is kept. */
const whole = new Set(
  `affinity archiveLocation artifactGC artifactRepositoryRef artifacts dnsConfig executor lifecycle livenessProbe
  matchExpressions metrics podDisruptionBudget podMetadata ports readinessProbe selector startupProbe windowsOptions`.split(
    /\s+/,
  ),
);
/** Of these, only this is printed. */
const kept = {
  volumes: "name emptyDir persistentVolumeClaim image",
  dag: "failFast tasks",
  env: "name value valueFrom",
  tasks: "name template arguments depends dependencies when withItems withParam withSequence",
  steps: "name template arguments when withItems withParam withSequence",
  hooks: "expression template arguments",
  volumeClaimTemplates: "metadata spec",
  initContainers: "name image imagePullPolicy command args env workingDir volumeMounts resources securityContext",
  container:
    "name image imagePullPolicy command args env workingDir volumeMounts resources securityContext ports terminationMessagePath terminationMessagePolicy stdin tty stdinOnce",
};
const left = {
  spec: "activeDeadlineSeconds executorPlugins resourceClaims retryStrategy shutdown suspend templateDefaults workflowMetadata workflowTemplateRef",
  templates:
    "containerSet daemon data http memoize plugin priority resource resourceClaims script sidecars synchronization timeout failFast",
  parameters: "globalName",
  valueFrom: "configMapKeyRef event jqFilter jsonPath supplied fieldRef resourceFieldRef fileKeyRef",
};

function typeOf(schema, name) {
  if (schema["x-kubernetes-int-or-string"] || schema.anyOf) return '"int-or-string"';
  if (whole.has(name)) return '"object"';
  if (schema.type === "array") return `[${typeOf(schema.items ?? {}, name)}]`;
  if (schema.type !== "object") return JSON.stringify(schema.type ?? "any");
  if (schema.additionalProperties) return `{ "*": ${typeOf(schema.additionalProperties, name)} }`;
  if (!schema.properties) return '"object"';
  const chosen = kept[name]?.split(/\s+/);
  const without = left[name]?.split(/\s+/) ?? [];
  const all = Object.keys(schema.properties).sort();
  const fields = all.filter((field) => (chosen?.includes(field) ?? true) && !without.includes(field));
  const types = fields.map((field) => `${field}: ${typeOf(schema.properties[field], field)}`);
  return once(name, `{ ${[...types, ...(fields.length < all.length ? ['"*": "any"'] : [])].join(", ")} }`);
}

/** What is long and may stand in several places has a name. */
function once(name, text) {
  if (text.length < 80 || name === "spec") return text;
  const same = [...named].find(([, known]) => known === text);
  if (same) return same[0];
  const free = [name, `${name}OfPod`, `${name}Of${named.size}`].find((each) => !named.has(each));
  named.set(free, text);
  return free;
}

const named = new Map();
const root = typeOf(spec, "spec");
const constants = [...named].map(([name, text]) => `const ${name}: FieldType = ${text};\n`);

process.stdout.write(`/** Printed by scripts/argo-field-types.mjs from the CustomResourceDefinition of Argo Workflows ${version}. */
export type FieldType =
  | "any"
  | "boolean"
  | "int-or-string"
  | "integer"
  | "object"
  | "string"
  | readonly [FieldType]
  /** \`*\`: any other field. */
  | { readonly [field: string]: FieldType };

${constants.join("\n")}
/** Of a Workflow's \`spec\`: the types that the API server takes. */
export const fieldTypes: FieldType = ${root};
`);
