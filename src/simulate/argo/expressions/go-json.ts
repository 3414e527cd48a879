import { escapeHtml, wellFormed } from "./expression-value.ts";

/**
 * A Workflow's object as the controller encodes it before it substitutes. Fields that tags may stand in come in the order
 * of its structures: an unended tag reaches into whatever comes next.
 */
export function goJson(value: unknown): string {
  return escapeHtml(JSON.stringify(inOrder(value)));
}

const order = [
  "name",
  "template",
  "default",
  "value",
  "valueFrom",
  "inputs",
  "outputs",
  "arguments",
  "dependencies",
  "withItems",
  "withParam",
  "withSequence",
  "when",
  "depends",
];

function inOrder(value: unknown): unknown {
  if (typeof value === "string") return wellFormed(value);
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, inOrder(item)]);
  return Object.fromEntries(entries.sort(([a], [b]) => rank(a) - rank(b)));
}

function rank(key: string): number {
  const at = order.indexOf(key);
  return at < 0 ? order.length : at;
}
