import { Document, visit } from "yaml";

/**
 * YAML that Argo, kubectl and the controller read as it is meant. They read YAML 1.1, where `n`, `on` or `1:30` are no
 * text unless they are quoted, U+2028 ends a line, and most control characters are refused unless they are escaped.
 */
export function printYaml(value: object): string {
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  const plain = document.toString(style);
  if (!unreadable.test(plain)) return plain;
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && unreadable.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString(style).replace(everyUnreadable, escapeSequence);
}

const style = { lineWidth: 0, indentSeq: false };

/** What YAML 1.1 does not take as it stands (5.1, 5.4), or reads as the end of a line. */
const unreadable = /[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const everyUnreadable = new RegExp(unreadable, "gu");

function escapeSequence(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
