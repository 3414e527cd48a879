import { escapeHtml } from "./expression-value.ts";

/**
 * The elements of a JSON list as compact JSON texts, numbers and escapes as they were written: the controller keeps an
 * item's own text (item.go). `null` is an empty list to Go. Undefined where the text is no list.
 */
export function rawElements(text: string): readonly string[] | undefined {
  if (!isJson(text)) return undefined;
  const compact = compactJson(text);
  if (compact === "null") return [];
  return compact.startsWith("[") ? split(compact).map(({ value }) => value) : undefined;
}

/** The entries of a JSON object; of equal keys the last one. */
export function rawEntries(text: string): ReadonlyMap<string, string> {
  return new Map(split(compactJson(text)).map(({ key, value }) => [JSON.parse(key), value]));
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Without white space between the tokens, and with Go's escapes of `<`, `>` and `&`. */
function compactJson(text: string): string {
  return escapeHtml(text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string: string | undefined) => string ?? ""));
}

interface Entry {
  /** Of a list: empty. */
  readonly key: string;
  readonly value: string;
}

/** Splits a compact list or object at its own commas. */
function split(compact: string): readonly Entry[] {
  const entries: Entry[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  let depth = 0;
  let start = 1;
  let key = "";
  for (let found = token.exec(compact); found !== null; found = token.exec(compact)) {
    const [text] = found;
    const closes = text === "}" || text === "]";
    if (depth === 1 && text === ":") {
      key = compact.slice(start, found.index);
      start = found.index + 1;
    } else if (depth === 1 && (text === "," || closes)) {
      if (found.index > start) entries.push({ key, value: compact.slice(start, found.index) });
      start = found.index + 1;
    }
    if (text === "{" || text === "[") depth++;
    if (closes) depth--;
  }
  return entries;
}
