/**
 * `withItems`, `withParam` and `withSequence`: one task for each item. In: the task after substitution. Out: the tasks,
 * undefined where it has none of the three; or a {@link SubstitutionError}.
 */
import { wellFormed } from "../expressions/expression-value.ts";
import { goJson } from "../expressions/go-json.ts";
import { rawElements, rawEntries } from "../expressions/raw-json.ts";
import { type Scope, SubstitutionError, substitute } from "../expressions/substitute.ts";
import { evaluateWhen, WhenError } from "../expressions/when.ts";
import { readTask, type Task } from "./workflow.ts";

export function isExpanded({ withItems, withParam, withSequence }: Task): boolean {
  return (withItems?.length ?? 0) > 0 || (withParam ?? "") !== "" || withSequence !== undefined;
}

export function expandItems(task: Task, scope: Scope): readonly Task[] {
  const items = itemsOf(task);
  if (items.length === 0) return [];
  const { withItems, withParam, withSequence, ...single } = task;
  // The controller substitutes the list, too, for every item: what fails there fails for the first.
  substitute(goJson({ withItems, withParam, withSequence }), itemScope(items[0] ?? "", scope), strictnessOf(task));
  const json = goJson(single);
  const strictness = strictnessOf(task);
  return items.map((item, i) => {
    const read = readTask(JSON.parse(substitute(json, itemScope(item, scope), strictness)));
    return { ...read, name: `${task.name}(${i}:${shownItem(item).replace(/[()]/g, "")})`, template: task.template };
  });
}

/** A task that will not run leaves tags as they are. */
function strictnessOf({ when }: Task): "none" | "all" {
  try {
    return evaluateWhen(when ?? "") ? "all" : "none";
  } catch (error) {
    if (error instanceof WhenError) return "all";
    throw error;
  }
}

/** JSON texts. */
function itemsOf(task: Task): readonly string[] {
  const { withItems, withParam = "", withSequence } = task;
  if (withItems !== undefined && withItems.length > 0) return rawElements(goJson(withItems)) ?? [];
  const items = withSequence === undefined ? rawElements(withParam) : sequence(withSequence);
  if (items !== undefined) return items;
  if (strictnessOf(task) === "none") return [];
  const what =
    withSequence === undefined ? `withParam value could not be parsed as a JSON list: ${withParam.trim()}` : "";
  throw new SubstitutionError(what || `withSequence is not a sequence of numbers: ${goJson(withSequence)}`);
}

function sequence({ count, start, end, format }: NonNullable<Task["withSequence"]>): readonly string[] | undefined {
  const from = integer(start ?? "0");
  const last = integer(end ?? count ?? "");
  if (from === undefined || last === undefined) return undefined;
  if (end === undefined && last === 0) return [];
  const to = end === undefined ? from + last - 1 : last;
  const step = from <= to ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) =>
    JSON.stringify(formatted(format ?? "%d", from + i * step)),
  );
}

function integer(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function formatted(format: string, value: number): string {
  return format.replace(/%(0?)(\d*)([dxX])/g, (_, zero: string, width: string, verb: string) => {
    const digits = Math.abs(value).toString(verb === "d" ? 10 : 16);
    const text = `${value < 0 ? "-" : ""}${verb === "X" ? digits.toUpperCase() : digits}`;
    return text.padStart(Number(width || 0), zero === "0" ? "0" : " ");
  });
}

type ItemKind = "scalar" | "string" | "map" | "list";

/** By its text, as item.go does it: `null` is a list. */
function kindOfItem(item: string): ItemKind {
  if (item.startsWith('"')) return "string";
  if (item.startsWith("{")) return "map";
  return item.startsWith("[") || item === "null" ? "list" : "scalar";
}

function itemScope(item: string, scope: Scope): Scope {
  const all = new Map(scope);
  switch (kindOfItem(item)) {
    case "scalar":
      all.set("item", item);
      break;
    case "string":
      all.set("item", wellFormed(JSON.parse(item)));
      break;
    case "map":
      all.set("item", sortedObject(item));
      for (const [key, value] of rawEntries(item)) all.set(`item.${key}`, shownRaw(value));
      break;
    case "list":
      all.set("item", item);
  }
  return all;
}

function sortedObject(item: string): string {
  const entries = [...rawEntries(item)].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${entries.map(([key, value]) => `${goJson(key)}:${value}`).join(",")}}`;
}

/** An item in a node's name. */
function shownItem(item: string): string {
  switch (kindOfItem(item)) {
    case "map":
      return [...rawEntries(item)]
        .map(([key, value]) => `${key}:${shownRaw(value)}`)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .join(",");
    case "list":
      return `[${(rawElements(item) ?? []).map(shownRaw).join(" ")}]`;
    case "scalar":
    case "string":
      return shownRaw(item);
  }
}

/** Go's `%v` of an item: JSON, a text without its quotation marks and with its escapes. */
function shownRaw(value: string): string {
  const text = value.startsWith('"') ? value.slice(1, -1) : value;
  return text.replaceAll("\\u003c", "<").replaceAll("\\u003e", ">").replaceAll("\\u0026", "&");
}
