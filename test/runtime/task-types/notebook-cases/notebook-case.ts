import type { FailureReason } from "../../../../src/protocol/event.ts";
import type { Json } from "../../../../src/protocol/json.ts";
import type { Cell, NotebookGiven } from "../notebooks.ts";

/** A notebook, and what becomes of it whatever executes it. */
export interface NotebookCase {
  /** Unique. */
  readonly about: string;
  readonly cells?: readonly Cell[];
  readonly given?: Omit<NotebookGiven, "bin">;
  readonly want?: Wanted;
}

/** What is absent is: success, nothing published, no metrics. */
export interface Wanted {
  readonly reason?: FailureReason;
  /** Of a failure; absent: 1. */
  readonly exitCode?: number;
  readonly message?: string | RegExp;
  readonly delta?: { readonly [name: string]: Json };
  readonly metrics?: readonly unknown[];
  /** Absent: anything. */
  readonly stdout?: string | RegExp;
  readonly stderr?: RegExp;
  /** The cells of the executed notebook: their counts, `-` where they have not run, and the kinds of their outputs. */
  readonly executed?: readonly string[] | "nothing";
  /** A part of the executed notebook's JSON, and what is not in it. */
  readonly holds?: RegExp;
  readonly lacks?: RegExp;
}

export const json = (...names: string[]) => names.map((name) => ({ name, kind: "json" }) as const);
export const tagged = (tag: string, source: string | readonly string[]): Cell => ({ source, tags: [tag] });
