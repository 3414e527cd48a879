import type { ArgoOptions, ShapeOptions } from "./options.ts";
import type { Storage } from "./storage.ts";
import { jsonText } from "./yaml/print-text.ts";

/** The variables of a step's container: what the shim has to know, those of the options, and secrets by reference. */
export function containerEnvironment(
  shape: ShapeOptions,
  secrets: readonly string[],
  { options, storage }: { readonly options: ArgoOptions; readonly storage: Storage },
): readonly object[] {
  const names = new Set([...storage.variables, ...secrets]);
  return [
    { name: "MAGNUS_RUN_ID", value: "{{workflow.name}}" },
    { name: "MAGNUS_TARGET", value: "argo" },
    { name: "MAGNUS_CONTROL_FILE", value: controlFile },
    { name: "MAGNUS_SERVICES", value: jsonText({ ...storage.services }) },
    ...textEntries(Object.entries(shape.env ?? {})),
    ...[...names].flatMap((name) => secretEntry(name, options) ?? []),
    ...options.secrets_from_k8s
      .filter(({ environment_variable }) => !names.has(environment_variable))
      .map(({ environment_variable }) => secretEntry(environment_variable, options) ?? {}),
  ];
}

/** Texts that arrive as they are: Kubernetes makes `$` of `$$`, and nothing of a variable that is empty. */
function textEntries(variables: readonly (readonly [name: string, value: string])[]): readonly object[] {
  const entries = variables.map(([name, value]) => ({ name, value: brokenUp(value.replaceAll("$", "$$$$")) }));
  const apart = entries.some(({ value }) => value.includes(nothing));
  return [...(apart ? [{ name: "MAGNUS_EMPTY", value: "" }] : []), ...entries];
}

const nothing = "$(MAGNUS_EMPTY)";

/** Argo has no escape for `{{`. */
function brokenUp(text: string): string {
  return text.replace(/\{(?=\{)/g, () => `{${nothing}`);
}

/** Undefined: the options have no source for it. */
export function secretEntry(name: string, options: ArgoOptions): object | undefined {
  const own = options.secrets_from_k8s.find(({ environment_variable }) => environment_variable === name);
  if (own) return { name, valueFrom: { secretKeyRef: { name: own.secret_name, key: own.secret_key } } };
  if (options.secret === undefined) return undefined;
  return { name, valueFrom: { secretKeyRef: { name: options.secret, key: name } } };
}

/** Where the shim and its files are in a pod. */
export const shimFolder = "/magnus";
export const controlFile = `${shimFolder}/out/control`;
