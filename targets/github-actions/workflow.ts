/** Workflow files as plain data, and how they are printed. */
import { Document, isMap, isScalar, isSeq, visit, type YAMLMap } from "yaml";
import { printDocument } from "../../src/target/print-document.ts";
import { commentOf } from "./pins.ts";

export interface Step {
  readonly [key: string]: unknown;
}

export interface Job {
  readonly id: string;
  /** In the order in which GitHub's reference has them. */
  readonly body: { readonly [key: string]: unknown };
}

export interface Workflow {
  /** Of the file below `.github/workflows/`. */
  readonly file: string;
  readonly comment: string;
  readonly head: { readonly [key: string]: unknown };
  readonly jobs: readonly Job[];
}

/** What all files of a pipeline have in common. */
export interface Writing {
  /** The pipeline's, in file names and artifacts. */
  readonly name: string;
  /** What the names of all artifacts of the run begin with. */
  readonly prefix: string;
  /** The text that tells calls of this workflow in one run apart. */
  readonly call: string;
  /** Whether run log and catalog travel as artifacts; else all jobs share a folder. */
  readonly keeps: { readonly log: boolean; readonly catalog: boolean };
  /** A text for people where GitHub would evaluate `${{ }}`. */
  readonly shown: (text: string) => string;
}

export function printWorkflow({ comment, head, jobs }: Workflow): string {
  const document = new Document(
    { ...head, jobs: Object.fromEntries(jobs.map(({ id, body }) => [id, body])) },
    { aliasDuplicateObjects: false },
  );
  document.commentBefore = ` ${comment}`;
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key)) return;
      if (key.value === "needs" && isSeq(value)) value.flow = true;
      if (key.value === "permissions" && isMap(value)) explainPermissions(value);
      if (key.value !== "uses" || !isScalar(value)) return;
      const text = commentOf(String(value.value));
      if (text !== undefined) value.comment = text;
    },
  });
  return printDocument(document, { indentSeq: true, flowCollectionPadding: false, plainKeys: ["on"] });
}

/** Linters ask for the reason of what a token may do; reading the repository is for the checkout. */
function explainPermissions({ items }: YAMLMap): void {
  for (const { key, value } of items) {
    if (isScalar(key) && key.value !== "contents" && isScalar(value)) value.comment = " asked for by the configuration";
  }
}

/** One line without `${{`, which would be evaluated wherever it stands, and without what YAML does not allow. */
export function shown(text: string): string {
  return text.replace(unprintable, " ").replaceAll("${{", "$ {{").trim();
}

/** White space, control characters, halves of characters, and what turns the direction of text. */
const unprintable = /[\s\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]+/gu;
