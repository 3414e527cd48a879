/**
 * A plain reading of the language's meaning (token machine, parameters, catalog), independent of run logs: it walks a
 * pipeline and asks `behaviour` what each leaf did. What an engine's run log folds to must be what this returns.
 */
import type { CatalogFile } from "../../../src/protocol/event.ts";
import { isArray, isNumber, type Json, printJson } from "../../../src/protocol/json.ts";
import type { Edge, Parameters, Reduce, ReduceWord } from "../../../src/protocol/path.ts";

/** The part of the IR that has a meaning at run time; an IR graph is one. */
export interface ReferenceGraph {
  readonly start: string;
  readonly nodes: ReadonlyMap<string, ReferenceNode>;
}
export type ReferenceNode = { readonly name: string; readonly ok: Edge; readonly failed: Edge } & (
  | { readonly kind: "task" | "stub" }
  | {
      readonly kind: "parallel";
      readonly branches: ReadonlyMap<string, ReferenceGraph>;
      readonly onConflict?: "last" | "list";
    }
  | {
      readonly kind: "map";
      readonly branch: ReferenceGraph;
      readonly iterateOn: string;
      readonly iterateAs: string;
      readonly reduce: Reduce;
    }
  | { readonly kind: "dag"; readonly branch: ReferenceGraph }
  | {
      readonly kind: "conditional";
      readonly parameter: string;
      readonly branches: ReadonlyMap<string, ReferenceGraph>;
      readonly default?: string;
    }
  | {
      readonly kind: "loop";
      readonly branch: ReferenceGraph;
      readonly maxIterations: number;
      readonly breakOn: string;
      readonly indexAs?: string;
    }
);
type Of<K extends ReferenceNode["kind"]> = Extract<ReferenceNode, { kind: K }>;

/** Names, branches, item and iteration indices from the root. */
export type PlaceNames = readonly (string | number)[];

export interface Asked {
  readonly place: PlaceNames;
  /** A helper step of an engine that has them; an engine without answers `success`. */
  readonly gather?: "open" | "close";
  readonly visible: Parameters;
  readonly files: Files;
}
export interface Answer {
  readonly status: "success" | "failed" | "cancelled" | "lost";
  readonly delta?: Parameters;
  readonly files?: readonly CatalogFile[];
}
export type Behaviour = (asked: Asked) => Answer;
type Files = ReadonlyMap<string, CatalogFile>;

export interface InterpretedNode {
  readonly place: PlaceNames;
  readonly kind: string;
  readonly status: string;
  readonly delta: Parameters;
  /** By name; an own record for every composite too. */
  readonly files: Files;
}
export interface Interpretation {
  readonly status: "success" | "failed";
  readonly parameters: Parameters;
  /** In the order of the token, a composite before what is inside it. */
  readonly nodes: readonly InterpretedNode[];
}

export function interpretPipeline(root: ReferenceGraph, initial: Parameters, behaviour: Behaviour): Interpretation {
  const nodes: InterpretedNode[] = [];
  const end = runGraph(root, { place: [], parameters: initial, items: {}, files: new Map() }, { behaviour, nodes });
  return { status: end.ok ? "success" : "failed", parameters: { ...initial, ...end.delta }, nodes };
}

interface Token {
  readonly place: PlaceNames;
  readonly parameters: Parameters;
  readonly items: Parameters;
  readonly files: Files;
}
interface Machine {
  readonly behaviour: Behaviour;
  readonly nodes: InterpretedNode[];
}
interface End {
  readonly ok: boolean;
  readonly delta: Parameters;
  readonly files: Files;
}

function runGraph(graph: ReferenceGraph, token: Token, machine: Machine): End {
  let [delta, files]: [Parameters, Files] = [{}, new Map()];
  let name = graph.start;
  for (;;) {
    const node = graph.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    const seen = { ...token, parameters: { ...token.parameters, ...delta }, files: over(token.files, files) };
    const end = runNode(node, seen, machine);
    if (end.ok) delta = { ...delta, ...end.delta };
    files = over(files, end.files);
    const edge = end.ok ? node.ok : node.failed;
    if ("end" in edge) return { ok: edge.end === "success", delta, files };
    name = edge.to;
  }
}

function runNode(node: ReferenceNode, token: Token, machine: Machine): End {
  const place = [...token.place, node.name];
  if (node.kind === "task" || node.kind === "stub") {
    const { status, delta = {}, files = [] } = ask({ ...token, place }, machine);
    const ok = status === "success";
    const end = { ok, delta: ok ? delta : {}, files: status === "lost" ? new Map() : byName(files) };
    machine.nodes.push({ place, kind: node.kind, status, delta: end.delta, files: end.files });
    return end;
  }
  // Its place in the list is before its steps.
  const at = machine.nodes.length;
  const opened = ask({ ...token, place }, machine, "open").status === "success";
  const end = opened ? runComposite(node, { ...token, place }, machine) : failed;
  const delta = end.ok ? end.delta : {};
  const status = end.ok ? "success" : "failed";
  machine.nodes.splice(at, 0, { place, kind: node.kind, status, delta, files: end.files });
  return { ...end, delta };
}

const failed: End = { ok: false, delta: {}, files: new Map() };

function ask(token: Token, { behaviour }: Machine, gather?: "open" | "close"): Answer {
  const visible = { ...token.parameters, ...token.items };
  return behaviour({ place: token.place, visible, files: token.files, ...(gather === undefined ? {} : { gather }) });
}

function runComposite(node: ReferenceNode, token: Token, machine: Machine): End {
  switch (node.kind) {
    case "task":
    case "stub":
      throw new Error(`${node.name} has no graphs`);
    case "dag":
      return runGraph(node.branch, token, machine);
    case "parallel": {
      const inside = [...node.branches].map(([name, graph]) => runGraph(graph, within(token, name), machine));
      return joined(inside, (deltas) => mergeBranches(deltas, node.onConflict));
    }
    case "map":
      return runMap(node, token, machine);
    case "conditional": {
      const branch = chosen(node, { ...token.parameters, ...token.items }[node.parameter]);
      const graph = branch === undefined ? undefined : node.branches.get(branch);
      if (branch === undefined || graph === undefined) return failed;
      return runGraph(graph, within(token, branch), machine);
    }
    case "loop":
      return runLoop(node, token, machine);
  }
}

function runMap({ branch, iterateOn, iterateAs, reduce }: Of<"map">, token: Token, machine: Machine): End {
  const list = { ...token.parameters, ...token.items }[iterateOn];
  if (!isArray(list)) return failed;
  const inside = list.map((item, i) => {
    return runGraph(branch, within(token, i, { [iterateAs]: item }), machine);
  });
  return joined(inside, (deltas) => mergeItems(deltas, list, reduce));
}

function chosen({ branches, default: otherwise }: Of<"conditional">, value: Json | undefined): string | undefined {
  if (value === undefined || (typeof value === "object" && value !== null && !isNumber(value))) return otherwise;
  const text = typeof value === "string" ? value : printJson(value);
  if (branches.has(text)) return text;
  const python = value === true ? "True" : value === false ? "False" : undefined;
  return python !== undefined && branches.has(python) ? python : otherwise;
}

function runLoop(node: Of<"loop">, token: Token, machine: Machine): End {
  let [delta, files]: [Parameters, Files] = [{}, new Map()];
  for (let n = 0; ; n++) {
    const items: Parameters = node.indexAs === undefined ? {} : { [node.indexAs]: n };
    const before = { ...token, parameters: { ...token.parameters, ...delta }, files: over(token.files, files) };
    const end = runGraph(node.branch, within(before, n, items), machine);
    files = over(files, end.files);
    if (!end.ok) return { ...failed, files };
    delta = { ...delta, ...end.delta };
    const after = { ...token, parameters: { ...token.parameters, ...delta }, files: over(token.files, files) };
    const closing = within(after, n, items);
    if (ask(closing, machine, "close").status !== "success") return { ...failed, files };
    const stop = { ...closing.parameters, ...closing.items }[node.breakOn] ?? false;
    if (typeof stop !== "boolean" || { ...closing.parameters, ...closing.items }[node.breakOn] === null) {
      return { ...failed, files };
    }
    if (stop || n + 1 >= node.maxIterations) return { ok: true, delta, files };
  }
}

function within(token: Token, selector: string | number, items: Parameters = {}): Token {
  return { ...token, place: [...token.place, selector], items: { ...token.items, ...items } };
}

function joined(ends: readonly End[], merge: (deltas: readonly Parameters[]) => Parameters): End {
  const ok = ends.every((end) => end.ok);
  const files = ends.reduce<Files>((all, end) => over(all, end.files), new Map());
  return { ok, files, delta: ok ? merge(ends.map((end) => end.delta)) : {} };
}

function mergeBranches(deltas: readonly Parameters[], onConflict: "last" | "list" = "last"): Parameters {
  return perKey(deltas, (values) => {
    return onConflict === "list" && values.length > 1 ? values : (values.at(-1) ?? null);
  });
}

function mergeItems(deltas: readonly Parameters[], items: readonly Json[], reduce: Reduce): Parameters {
  const word = (key: string): ReduceWord => (typeof reduce === "string" ? reduce : (reduce[key] ?? "list"));
  const merged = perKey(deltas, (values, key) => {
    const numbers = values.filter((value) => typeof value === "number");
    switch (word(key)) {
      case "list":
        return deltas.map((delta) => delta[key] ?? null);
      case "last":
        return values.at(-1) ?? null;
      case "sum":
        return numbers.reduce((a, b) => a + b, 0);
      case "min":
        return numbers.length === 0 ? null : Math.min(...numbers);
      case "max":
        return numbers.length === 0 ? null : Math.max(...numbers);
      case "concat":
        return values.filter(isArray).flat();
      case "object":
        return Object.fromEntries(
          items.flatMap((item, i) => {
            const value = deltas[i]?.[key];
            const text = textOf(item);
            const isShared = items.some((other, at) => at !== i && textOf(other) === text);
            return value === undefined ? [] : [[isShared ? `${text}#${i}` : text, value]];
          }),
        );
      case "none":
        return null;
    }
  });
  return Object.fromEntries(Object.entries(merged).filter(([key]) => word(key) !== "none"));
}

function textOf(item: Json): string {
  return typeof item === "string" ? item : printJson(item);
}

function perKey(deltas: readonly Parameters[], merge: (values: readonly Json[], key: string) => Json): Parameters {
  const keys = new Set(deltas.flatMap((delta) => Object.keys(delta)));
  return Object.fromEntries(
    [...keys].map((key) => {
      const values = deltas.flatMap((delta) => (Object.hasOwn(delta, key) ? [delta[key] ?? null] : []));
      return [key, merge(values, key)];
    }),
  );
}

function byName(files: readonly CatalogFile[]): Files {
  return new Map(files.map((file) => [file.name, file]));
}

function over(below: Files, above: Files): Files {
  return new Map([...below, ...above]);
}
