/**
 * Step specs as compiled files carry them: one line of ASCII JSON with defaults left out, in which no platform's
 * templating (`{{ }}`, `${{ }}`) can find anything to replace.
 */
import { escapeNonAscii, isObject, type Json, type JsonObject, parseJson, printJson, setKey } from "./json.ts";
import type { Edge, Path, PathElement } from "./path.ts";
import { type ControlDuty, protocolVersion, type StepSpec, type TaskSpec } from "./step-spec.ts";

export function printSpec(spec: StepSpec): string {
  const { path, mayBeLost, control, task, ...rest } = spec;
  const small = {
    path: path.map(smallElement),
    ...(task === undefined ? {} : { task: smallTask(task) }),
    ...(rest as unknown as JsonObject),
    ...(control === undefined ? {} : { control: smallDuty(control) }),
    ...(mayBeLost === undefined
      ? {}
      : { mayBeLost: mayBeLost.map((loss) => ({ ...loss, path: loss.path.map(smallElement) })) }),
  };
  return printAscii(small as Json);
}

/** JSON on one line, ASCII only, `{{` broken up. */
export function printAscii(value: Json): string {
  const text = escapeNonAscii(printJson(value));
  // Only inside a string can two braces meet: what follows JSON's own opening brace is a quote.
  return /\{[{%#]/.test(text) ? text.replace(/\{(?=[{%#])/g, "\\u007b") : text;
}

/** Reads what {@link printSpec} printed. Throws a {@link SpecError} with one line for people. */
export function readSpec(text: string): StepSpec {
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new SpecError(`the step spec is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value) || !Array.isArray(value.path)) throw new SpecError("the step spec has no path");
  const version = value.v ?? 1;
  if (version !== protocolVersion) {
    throw new SpecError(
      `the step spec has version ${printJson(version)}, this shim reads ${protocolVersion}: compile again`,
    );
  }
  const spec: Record<string, Json> = {};
  for (const [key, part] of Object.entries(value)) if (key !== "v") setKey(spec, key, part);
  return {
    ...(spec as unknown as StepSpec),
    path: readPath(value.path),
    ...(isObject(value.task) ? { task: { type: "shell", ...value.task } as unknown as TaskSpec } : {}),
    ...(isObject(value.control) ? { control: readDuty(value.control) } : {}),
    ...(Array.isArray(value.mayBeLost) ? { mayBeLost: value.mayBeLost.map(readLoss) } : {}),
  };
}

export class SpecError extends Error {}

function readLoss(loss: Json): NonNullable<StepSpec["mayBeLost"]>[number] {
  if (!isObject(loss) || !Array.isArray(loss.path)) throw new SpecError("mayBeLost holds no path");
  return { ...(loss as { gather?: "open" | "close" }), path: readPath(loss.path) };
}

function readDuty(duty: JsonObject): ControlDuty {
  if (duty.element === undefined) return duty as unknown as ControlDuty;
  const [element] = readPath([duty.element]);
  return { ...(duty as object), element } as ControlDuty;
}

/** Most commands are a shell's; the image is where the shim is already. */
function smallTask({ type, image: _, ...rest }: TaskSpec): JsonObject {
  return { ...(type === "shell" ? {} : { type }), ...(rest as unknown as JsonObject) };
}

function smallDuty(duty: ControlDuty): JsonObject {
  const small = "element" in duty ? { ...duty, element: smallElement(duty.element) } : { ...duty };
  return small as unknown as JsonObject;
}

function readPath(path: readonly Json[]): Path {
  return path.map((element) => {
    if (!isObject(element) || typeof element.node !== "string") throw new SpecError("a path element has no node");
    const { ok, failed, ...rest } = element;
    return {
      ...(rest as unknown as PathElement),
      ok: readEdge(ok, "success"),
      failed: readEdge(failed, "fail"),
    };
  });
}

function readEdge(edge: Json | undefined, end: "success" | "fail"): Edge {
  if (edge === undefined) return { end, name: end };
  if (typeof edge === "string") return { to: edge };
  if (isObject(edge) && (edge.end === "success" || edge.end === "fail") && typeof edge.name === "string") {
    return { end: edge.end, name: edge.name };
  }
  throw new SpecError(`an edge is ${printJson(edge)}`);
}

function smallElement(element: PathElement): JsonObject {
  const { ok, failed, ...rest } = element;
  return {
    ...(rest as unknown as JsonObject),
    ...smallEdge("ok", ok, "success"),
    ...smallEdge("failed", failed, "fail"),
  };
}

function smallEdge(key: "ok" | "failed", edge: Edge, plain: "success" | "fail"): JsonObject {
  if ("to" in edge) return { [key]: edge.to };
  return edge.end === plain && edge.name === plain ? {} : { [key]: { ...edge } };
}
