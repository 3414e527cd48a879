import type { Json } from "./json.ts";
import type { StepKind } from "./kinds.ts";

/** Where the token goes when a node is over: to a node of the same graph, or to the graph's end. */
export type Edge = { readonly to: string } | { readonly end: "success" | "fail"; readonly name: string };

export type ReduceWord = "list" | "last" | "sum" | "min" | "max" | "concat" | "object" | "none";
/** One word for all keys, or a word per key (other keys: `list`). */
export type Reduce = ReduceWord | { readonly [key: string]: ReduceWord };

/**
 * One step of the way from the root graph to a node, with all that replaying the token machine needs to know of it.
 *
 * On the last element of a composite's own path (events `control`) the selecting fields are absent.
 */
export interface PathElement {
  readonly node: string;
  /** Absent: `task`. */
  readonly kind?: StepKind;
  readonly ok: Edge;
  readonly failed: Edge;
  /** This node is the first of its graph. */
  readonly start?: true;

  /** parallel, conditional: the branch that is meant. */
  readonly branch?: string;
  /** map: the item's index; loop: the iteration, from 0. */
  readonly index?: number;
  /** map: the item's display key, where there is one. */
  readonly key?: string;

  /** parallel, conditional: all branch names in declared order. */
  readonly of?: readonly string[];
  /** parallel: absent means `last`. */
  readonly onConflict?: "list";
  /** map: the parameter that holds the list. */
  readonly on?: string;
  /** map: `iterate_as`; loop: `index_as` (absent: none). */
  readonly as?: string;
  /** map: absent means `list`. */
  readonly reduce?: Reduce;
}

export type Path = readonly PathElement[];

/** The selector of an element: which graph of a composite is meant. `null`: the only one, or none. */
export function selectorOf(element: PathElement): string | number | null {
  return element.branch ?? element.index ?? null;
}

/** A path as a map key: names and selectors, nothing else. */
export function pathKey(path: Path): string {
  return JSON.stringify(path.map((e) => (selectorOf(e) === null ? e.node : [e.node, selectorOf(e)])));
}

/** A path for people, `train.oslo.fit`; it is a task's MAGNUS_STEP, and `magnus runs log` takes it. */
export function displayPath(path: Path): string {
  return path.flatMap((e) => [e.node, ...(selectorOf(e) === null ? [] : [e.branch ?? indexLabel(e)])]).join(".");
}

/** A map's item by its key, where it has one, else `#3`; an iteration by its number. */
function indexLabel({ kind, key, index = 0 }: PathElement): string {
  return key || (kind === "map" ? `#${index}` : `${index}`);
}

/** Names along a path without items and iterations: how a pipeline's author names the step. */
export function stepName(path: Path): string {
  return path.flatMap((e) => [e.node, ...(e.branch !== undefined ? [e.branch] : [])]).join(".");
}

export type Parameters = { readonly [name: string]: Json };
