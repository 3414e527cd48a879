/** Workflow files as plain data, and how they are printed. */
import { Document, isScalar, isSeq, visit } from "yaml";
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
      if (key.value !== "uses" || !isScalar(value)) return;
      const text = commentOf(String(value.value));
      if (text !== undefined) value.comment = text;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: true, flowCollectionPadding: false });
}

/** One line without `${{`, which would be evaluated wherever it stands. */
export function shown(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("${{", "$ {{").trim();
}
