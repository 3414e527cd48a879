import { Document, isMap, isSeq } from "yaml";
import { printDocument } from "../../../src/target/print-document.ts";

/** YAML that Argo, kubectl and the controller read as it is meant: they read YAML 1.1. */
export function printYaml(value: object): string {
  return printDocument(documentOf(value), style);
}

/** The same, with a comment before each of the first items of the list that is there. */
export function printCommented(value: object, list: readonly string[], comments: readonly string[]): string {
  const document = documentOf(value);
  const items = document.getIn(list);
  for (const [i, comment] of comments.entries()) {
    const item: unknown = isSeq(items) ? items.items[i] : undefined;
    if (isMap(item)) item.commentBefore = ` ${comment}`;
  }
  return printDocument(document, style);
}

function documentOf(value: object): Document {
  return new Document(value, { version: "1.1", aliasDuplicateObjects: false });
}

const style = { indentSeq: false };
