import type { FailureReason } from "../../protocol/event.ts";
import { isArray, isNumber, isObject, type Json, printJson } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { ControlDuty } from "../../protocol/step-spec.ts";
import { shorten } from "../../system/shorten.ts";
import { itemKey, scalarText } from "./item-key.ts";

/** What a composite does next; `reason` and `message` are there where the value is `fault`. */
export interface Control {
  /** A map's items as JSON text, a conditional's branch index, `again`, `done` or `fault`. */
  readonly value: string;
  readonly reason?: FailureReason;
  /** One line that names the parameter and what it is. */
  readonly message?: string;
}

/**
 * Computes the control of a composite from what is visible where it is decided (enclosing items included).
 * `iteration`: of a loop, the one that has just ended, from 0. Never throws: what cannot be decided is a `fault`.
 */
export function computeControl(duty: ControlDuty, visible: Parameters, iteration = 0): Control {
  switch (duty.kind) {
    case "map":
      return mapControl(duty.element.on ?? "", visible, duty.keys !== false);
    case "conditional":
      return conditionalControl(duty.parameter, duty.element.of ?? [], duty.default, visible);
    case "loop":
      return loopControl(duty.breakOn, visible, iteration + 1 >= duty.maxIterations);
  }
}

function mapControl(name: string, visible: Parameters, keys: boolean): Control {
  const list = readParameter(visible, name);
  if (list === undefined) return fault("not-a-list", `\`${name}\` is not set`);
  if (!isArray(list)) return fault("not-a-list", `\`${name}\` is ${describe(list)}, not a list`);
  const keyOf = (item: Json): string => (keys ? itemKey(item) : "");
  return { value: printJson(list.map((item, i) => (keyOf(item) === "" ? { i } : { i, k: keyOf(item) }))) };
}

function conditionalControl(
  name: string,
  branches: readonly string[],
  otherwise: string | undefined,
  visible: Parameters,
): Control {
  const value = readParameter(visible, name);
  const index = value === undefined ? -1 : branchOf(value, branches);
  if (index >= 0) return { value: `${index}` };
  if (otherwise !== undefined && branches.includes(otherwise)) return { value: `${branches.indexOf(otherwise)}` };
  if (value === undefined) return fault("no-branch", `\`${name}\` is not set`);
  const text = isArray(value) || isObject(value) ? describe(value) : shorten(printJson(value), 60);
  const near = branches.find((branch) => branch.toLowerCase() === scalarText(value).trim().toLowerCase());
  const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
  return fault("no-branch", `\`${name}\` is ${text}; the branches are ${branches.map(quote).join(", ")}${hint}`);
}

function branchOf(value: Json, branches: readonly string[]): number {
  if (isArray(value) || isObject(value)) return -1;
  const exact = branches.indexOf(scalarText(value));
  // runnable's files name branches as Python prints booleans.
  return exact < 0 && typeof value === "boolean" ? branches.indexOf(value ? "True" : "False") : exact;
}

function loopControl(name: string, visible: Parameters, last: boolean): Control {
  const value = readParameter(visible, name);
  if (value !== undefined && typeof value !== "boolean") {
    const text = typeof value === "string" ? ` (${quote(value)})` : "";
    return fault("not-a-boolean", `\`${name}\` is ${describe(value)}${text}, not a boolean`);
  }
  return { value: value === true || last ? "done" : "again" };
}

function readParameter(visible: Parameters, name: string): Json | undefined {
  return Object.hasOwn(visible, name) ? visible[name] : undefined;
}

function fault(reason: FailureReason, message: string): Control {
  return { value: "fault", reason, message };
}

/** What a value is, with its article: `a string`, `null`. */
function describe(value: Json): string {
  if (value === null) return "null";
  if (isArray(value)) return "a list";
  if (isNumber(value)) return "a number";
  if (typeof value === "string") return "a string";
  return typeof value === "boolean" ? "a boolean" : "an object";
}

function quote(text: string): string {
  return JSON.stringify(shorten(text, 58));
}
