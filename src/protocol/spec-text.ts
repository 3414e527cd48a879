/**
 * Step specs as compiled files carry them: one line of ASCII JSON with defaults left out, in which no platform's
 * templating (`{{ }}`, `${{ }}`) can find anything to replace.
 */
import { present } from "../system/present.ts";
import { escapeNonAscii, isObject, type Json, type JsonObject, parseJson, printJson, setKey } from "./json.ts";
import type { Edge, Path, PathElement } from "./path.ts";
import { type ControlDuty, protocolVersion, type StepSpec, type TaskSpec } from "./step-spec.ts";

/**
 * Names of branches that many specs repeat, in a table beside them: without it, what a wide parallel is compiled to grows
 * with the square of its branches. Undefined: the names stand in the spec itself.
 */
export type ReferToNames = (names: readonly string[]) => number | undefined;

/** `refer` gives numbers of the table that {@link readSpec} will have. */
export function printSpec(spec: StepSpec, refer: ReferToNames = () => undefined): string {
  const { path, mayBeLost, control, task, ...rest } = spec;
  const small = {
    path: path.map((element) => smallElement(element, refer)),
    ...present({ task: task && smallTask(task) }),
    ...(rest as unknown as JsonObject),
    ...present({ control: control && smallDuty(control, refer) }),
    ...present({
      mayBeLost: mayBeLost?.map((loss) => ({ ...loss, path: loss.path.map((each) => smallElement(each, refer)) })),
    }),
  };
  return printAscii(small as Json);
}

/** JSON on one line, ASCII only, `{{` broken up. */
export function printAscii(value: Json): string {
  const text = escapeNonAscii(printJson(value));
  // Only inside a string can two braces meet: what follows JSON's own opening brace is a quote.
  return /\{[{%#]/.test(text) ? text.replace(/\{(?=[{%#])/g, "\\u007b") : text;
}

/**
 * Reads what {@link printSpec} printed; `table`: by number, the names that it refers to. Throws a {@link SpecError} with one
 * line for people.
 */
export function readSpec(text: string, table: JsonObject = {}): StepSpec {
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
    path: readPath(value.path, table),
    ...(isObject(value.task) ? { task: { type: "shell", ...value.task } as unknown as TaskSpec } : {}),
    ...(isObject(value.control) ? { control: readDuty(value.control, table) } : {}),
    ...(Array.isArray(value.mayBeLost) ? { mayBeLost: value.mayBeLost.map((loss) => readLoss(loss, table)) } : {}),
  };
}

export class SpecError extends Error {}

function readLoss(loss: Json, table: JsonObject): NonNullable<StepSpec["mayBeLost"]>[number] {
  if (!isObject(loss) || !Array.isArray(loss.path)) throw new SpecError("mayBeLost holds no path");
  return { ...(loss as { gather?: "open" | "close" }), path: readPath(loss.path, table) };
}

function readDuty(duty: JsonObject, table: JsonObject): ControlDuty {
  if (duty.element === undefined) return duty as unknown as ControlDuty;
  const [element] = readPath([duty.element], table);
  return { ...(duty as object), element } as ControlDuty;
}

/** Most commands are a shell's; the image is where the shim is already. */
function smallTask({ type, image: _, ...rest }: TaskSpec): JsonObject {
  return { ...(type === "shell" ? {} : { type }), ...(rest as unknown as JsonObject) };
}

function smallDuty(duty: ControlDuty, refer: ReferToNames): JsonObject {
  const small = "element" in duty ? { ...duty, element: smallElement(duty.element, refer) } : { ...duty };
  return small as unknown as JsonObject;
}

function readPath(path: readonly Json[], table: JsonObject): Path {
  return path.map((element) => {
    if (!isObject(element) || typeof element.node !== "string") throw new SpecError("a path element has no node");
    const { ok, failed, ...rest } = element;
    const { of } = element;
    const names = typeof of === "number" ? table[String(of)] : of;
    if (names === undefined && of !== undefined) throw new SpecError(`there is no table of names ${printJson(of)}`);
    return {
      ...(rest as unknown as PathElement),
      ...present({ of: names as unknown as readonly string[] | undefined }),
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

function smallElement(element: PathElement, refer: ReferToNames): JsonObject {
  const { ok, failed, ...rest } = element;
  const names = rest.of === undefined ? undefined : refer(rest.of);
  return {
    ...(rest as unknown as JsonObject),
    ...present({ of: names }),
    ...smallEdge("ok", ok, "success"),
    ...smallEdge("failed", failed, "fail"),
  };
}

function smallEdge(key: "ok" | "failed", edge: Edge, plain: "success" | "fail"): JsonObject {
  if ("to" in edge) return { [key]: edge.to };
  return edge.end === plain && edge.name === plain ? {} : { [key]: { ...edge } };
}
