import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "./object-store.ts";

/**
 * The objects of a compiled file. Go reads YAML 1.1, most others 1.2: a file that means different things to the two (a
 * task named `no`) is refused.
 */
export function readManifest(text: string): readonly KubernetesObject[] {
  const [old, current] = [readAs("1.1", text), readAs("1.2", text)];
  if (!isDeepStrictEqual(old, current)) throw new Error("YAML 1.1 and 1.2 do not agree about this file");
  return current;
}

/** The Workflow in a compiled file. */
export function workflowIn(text: string): KubernetesObject {
  const workflow = readManifest(text).find(({ kind }) => kind === "Workflow");
  if (workflow === undefined) throw new Error("the file holds no Workflow");
  return workflow;
}

function readAs(version: "1.1" | "1.2", text: string): readonly KubernetesObject[] {
  return [...parseAllDocuments(text, { version })].map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS();
  });
}
