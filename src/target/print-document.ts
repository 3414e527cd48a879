import { type Document, visit } from "yaml";

/**
 * Prints a YAML document in which every text is the same text for all readers: YAML 1.1 (Go's, which Kubernetes and Argo
 * use), YAML 1.2 and GitHub's. They disagree about what is a number without quotes (Go also takes `0o644`, `0B11`, `1e5_0`
 * and `+0o7`), a date, a boolean (`y`) or an end of a line (U+2028); YAML 1.1 has no control characters. So a text stands
 * without quotes only where it begins as none of those can, and what one of them cannot read is escaped.
 */
export function printDocument(document: Document, options: PrintOptions): string {
  const { plainKeys = [], ...style } = options;
  const plain = new Set(plainKeys);
  visit(document, {
    Scalar(at, node, path) {
      if (typeof node.value !== "string") return;
      if (at === "key" && path.length === ofTheDocument && plain.has(node.value)) return;
      if (mayBeMisread(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ ...style, lineWidth: 0 }).replace(everyUnreadable, escapeSequence);
}

export interface PrintOptions {
  readonly indentSeq: boolean;
  readonly flowCollectionPadding?: boolean;
  /** Keys of the document itself that have to stand as they are. */
  readonly plainKeys?: readonly string[];
}

/** What contains such a key: the document, its mapping, the pair. */
const ofTheDocument = 3;

function mayBeMisread(text: string): boolean {
  // Go refuses a block whose first line that is not empty begins with a tab.
  if (text.includes("\n")) return /^\s*\t/.test(text) || unreadable.test(text);
  return maybeNumber.test(text) || words.has(text.toLowerCase()) || unreadable.test(text);
}

/** And what means something in the place of a value: `=`, `~`, `<<`. */
const maybeNumber = /^[-+._e]*\d|^[-+]?\.(inf|nan)$|^[-+=~<.]*$/i;
const words = new Set(["y", "n", "yes", "no", "on", "off", "true", "false", "null"]);

/** What YAML 1.1 does not take as it stands (5.1, 5.4), or reads as the end of a line. */
const unreadable = /[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const everyUnreadable = new RegExp(unreadable, "gu");

function escapeSequence(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
