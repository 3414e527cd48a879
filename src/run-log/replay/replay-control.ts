/** Where a token enters a composite, and where it comes to the end of an iteration: gathers first, then the control. */

import type { ControlEvent } from "../../protocol/event.ts";
import { isArray, isNumber, isObject, type Json, parseJson } from "../../protocol/json.ts";
import { factsOf } from "../../protocol/kinds.ts";
import type { Path, PathElement } from "../../protocol/path.ts";
import type { NodeRecords } from "./event-index.ts";
import { type Findings, stuckAt } from "./findings.ts";
import type { Arrival } from "./placed-graph.ts";
import { replayLeaf } from "./replay-leaf.ts";

export type Opened = {
  readonly state: "open" | "failed" | "running";
  readonly round: number;
  /** map, conditional: always there where `open`. */
  readonly control?: ControlEvent;
};

/** The opening of a composite: its gather, where one ran, and its control, whoever computed it. */
export function openComposite(node: NodeRecords, { prefix, round }: Arrival, findings: Findings): Opened {
  const path = [...prefix, node.element];
  let highest = round;
  if (node.open.last !== undefined || node.open.lost !== undefined) {
    const gather = replayLeaf(node.open, round);
    highest = gather.round;
    if (gather.status === "running") findings.stuck.push({ ...stuckAt(path, gather), gather: "open" });
    if (gather.status !== "success")
      return { state: gather.status === "running" ? "running" : "failed", round: highest };
  }
  if (!factsOf(node.element.kind)?.needsControl) return { state: "open", round: highest };
  const control = countingControl(node, null, highest);
  if (control === undefined) {
    findings.stuck.push({ path, gather: "open", attempt: 0, round: highest });
    return { state: "running", round: highest };
  }
  return { state: isUsable(control.data.value, node.element) ? "open" : "failed", round: highest, control };
}

/** What follows an iteration that succeeded. `path`: the loop's, with the iteration. */
export function closeIteration(node: NodeRecords, path: Path, round: number, findings: Findings): Closing {
  const iteration = path.at(-1)?.index ?? 0;
  const records = node.close.get(iteration);
  let highest = round;
  if (records !== undefined) {
    const gather = replayLeaf(records, round);
    highest = gather.round;
    if (gather.status === "running") findings.stuck.push({ ...stuckAt(path, gather), gather: "close" });
    if (gather.status !== "success")
      return { outcome: gather.status === "running" ? "stuck" : "failed", round: highest };
  }
  const control = countingControl(node, iteration, highest);
  if (control === undefined) {
    findings.stuck.push({ path, gather: "close", attempt: 0, round: highest });
    return { outcome: "stuck", round: highest };
  }
  const { value } = control.data;
  if (value === "again" || value === "done") return { outcome: value === "again" ? value : "success", round: highest };
  return { outcome: "failed", round: highest, control };
}

export interface Closing {
  readonly outcome: "again" | "success" | "failed" | "stuck";
  readonly round: number;
  /** Why it failed, where that is so because the control could not be computed. */
  readonly control?: ControlEvent;
}

/** A control whose round is below one before it on the path does not count. */
function countingControl(node: NodeRecords, iteration: number | null, round: number): ControlEvent | undefined {
  const control = node.controls.get(iteration);
  return control !== undefined && control.round >= round ? control : undefined;
}

function isUsable(value: string, { kind, of = [] }: PathElement): boolean {
  return kind === "map" ? readItems(value) !== undefined : readBranch(value, of) !== undefined;
}

/** A conditional's control as the branch's name; undefined where it is none (`fault`). */
export function readBranch(value: string, of: readonly string[]): string | undefined {
  return /^\d+$/.test(value) ? of[Number(value)] : undefined;
}

export interface MapItem {
  readonly index: number;
  readonly key?: string;
}

/** A map's control as items; undefined where it is none (`fault`). */
export function readItems(value: string): readonly MapItem[] | undefined {
  if (!value.startsWith("[")) return undefined;
  const items = parseJson(value);
  if (!isArray(items)) return undefined;
  return items.flatMap((item) => {
    if (!isObject(item) || !isNumber(item.i)) return [];
    return [{ index: Number(item.i), ...(typeof item.k === "string" ? { key: item.k } : {}) }];
  });
}

export function itemAt(list: Json | undefined, index: number): Json {
  return (isArray(list) ? list[index] : undefined) ?? null;
}
