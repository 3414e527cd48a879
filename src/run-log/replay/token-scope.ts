import type { CatalogFile } from "../../protocol/event.ts";
import type { Json } from "../../protocol/json.ts";
import { setKey } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";

/**
 * What a graph's token sees: one link for every enclosing graph, so that a step costs only what it publishes.
 * Parameters of an inner link win over those of an outer one; items win over all parameters.
 */
export interface TokenScope {
  readonly outer: TokenScope | null;
  /** Published in this graph so far. */
  readonly parameters: Map<string, Json>;
  /** Catalogued in this graph so far, by name. */
  readonly files: Map<string, CatalogFile>;
  /** The item or iteration that this graph runs for. */
  readonly items: Parameters;
}

export function rootScope(parameters: Parameters): TokenScope {
  return { outer: null, parameters: new Map(Object.entries(parameters)), files: new Map(), items: {} };
}

export function innerScope(outer: TokenScope, items: Parameters = {}): TokenScope {
  return { outer, parameters: new Map(), files: new Map(), items };
}

/** Makes visible what a node published: a delta where it succeeded, its files in any case. */
export function publish(scope: TokenScope, delta: Parameters, files: Iterable<CatalogFile>): void {
  for (const [name, value] of Object.entries(delta)) scope.parameters.set(name, value);
  layFiles(scope.files, files);
}

/** Later files over earlier ones of their names; one that its step only found, under all that steps made. */
export function layFiles(onto: Map<string, CatalogFile>, files: Iterable<CatalogFile>): void {
  for (const file of files) {
    if (file.found && onto.get(file.name)?.found === undefined && onto.has(file.name)) continue;
    onto.set(file.name, file);
  }
}

/** The visible value of one parameter, without building them all. */
export function lookUp(scope: TokenScope, name: string): Json | undefined {
  for (let link: TokenScope | null = scope; link !== null; link = link.outer) {
    if (Object.hasOwn(link.items, name)) return link.items[name];
  }
  for (let link: TokenScope | null = scope; link !== null; link = link.outer) {
    const value = link.parameters.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** All visible parameters, enclosing items included. */
export function visibleParameters(scope: TokenScope): Parameters {
  const visible: Record<string, Json> = {};
  for (const link of outermostFirst(scope)) {
    for (const [name, value] of link.parameters) setKey(visible, name, value);
  }
  return { ...visible, ...visibleItems(scope) };
}

/** Items and iterations around a step by the name that they were given, outermost first. */
export function visibleItems(scope: TokenScope): Parameters {
  let items: Parameters = {};
  for (const link of outermostFirst(scope)) items = { ...items, ...link.items };
  return items;
}

export function visibleFiles(scope: TokenScope): ReadonlyMap<string, CatalogFile> {
  const files = new Map<string, CatalogFile>();
  for (const link of outermostFirst(scope)) layFiles(files, link.files.values());
  return files;
}

/** What the graph published itself. */
export function published(scope: TokenScope): Parameters {
  const delta: Record<string, Json> = {};
  for (const [name, value] of scope.parameters) setKey(delta, name, value);
  return delta;
}

function outermostFirst(scope: TokenScope): readonly TokenScope[] {
  const links: TokenScope[] = [];
  for (let link: TokenScope | null = scope; link !== null; link = link.outer) links.push(link);
  return links.reverse();
}
