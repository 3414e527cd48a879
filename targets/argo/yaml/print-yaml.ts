import { Document, isMap, isSeq } from "yaml";
import { printDocument } from "../../../src/target/print-document.ts";

/** What is written for the reader of a document. */
export interface Comments {
  /** Before everything. */
  readonly header: string;
  /** Before each of the first items of the list that is there. */
  readonly list: readonly string[];
  readonly comments: readonly string[];
}

/** YAML that Argo, kubectl and the controller read as it is meant: they read YAML 1.1. */
export function printYaml(value: object, comments?: Comments): string {
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  if (comments !== undefined) comment(document, comments);
  return printDocument(document, { indentSeq: false });
}

function comment(document: Document, { header, list, comments }: Comments): void {
  if (isMap(document.contents)) document.contents.commentBefore = ` ${header}`;
  const items = document.getIn(list);
  for (const [i, text] of comments.entries()) {
    const item: unknown = isSeq(items) ? items.items[i] : undefined;
    if (isMap(item)) item.commentBefore = ` ${text}`;
  }
}
