import { isDeepStrictEqual } from "node:util";
import { type Document, isCollection, isNode, LineCounter, parseAllDocuments } from "yaml";
import type { Finding, Place } from "./finding.ts";

/** One document of a file: an object of the Kubernetes API. */
export interface Manifest {
  readonly kind: string;
  readonly value: { readonly [field: string]: unknown };
  /** Where a part of it, or else what it would be part of, was written. */
  readonly placeOf: (path: Path) => Place;
}

export type Path = readonly (string | number)[];

/** A file as Argo reads it: YAML 1.1, several documents. What YAML 1.2 reads otherwise is an error. */
export function readManifests(text: string): {
  readonly manifests: readonly Manifest[];
  readonly findings: readonly Finding[];
} {
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(text, { version: "1.1", lineCounter: lines })];
  const newer = [...parseAllDocuments(text, { version: "1.2" })];
  const findings: Finding[] = [];
  const manifests = documents.flatMap((document, i): Manifest[] => {
    const [error] = document.errors;
    if (error !== undefined) {
      findings.push({ message: error.message.split("\n")[0] ?? "", ...placeAt(lines, error.pos[0]) });
      return [];
    }
    const placeOf = placesOf(document, lines);
    const value = readingOf(document);
    if (value === tooLarge) {
      findings.push({ message: "aliases repeat too much of this document: write it out", ...placeOf([]) });
      return [];
    }
    if (value === null) return [];
    if (!isObject(value) || typeof value.kind !== "string") {
      findings.push({
        message: "this document is not an object of the Kubernetes API: it has no kind",
        ...placeOf([]),
      });
      return [];
    }
    const other = differingPath(value, newer[i]?.toJS({ maxAliasCount: mostRepeated }));
    if (other !== undefined)
      findings.push({ message: "YAML 1.1, which Argo reads, and YAML 1.2 differ here: quote it", ...placeOf(other) });
    return [{ kind: value.kind, value, placeOf }];
  });
  return { manifests, findings };
}

const tooLarge = Symbol("too large");

/** The library counts what aliases repeat, and throws above a limit. */
function readingOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: mostRepeated });
  } catch (error) {
    if (error instanceof ReferenceError) return tooLarge;
    throw error;
  }
}

const mostRepeated = 10_000;

function placesOf(document: Document, lines: LineCounter): (path: Path) => Place {
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const offset = keyOffset(document, path.slice(0, length)) ?? (isNode(node) ? node.range?.[0] : undefined);
      if (offset !== undefined && offset !== null) return placeAt(lines, offset);
    }
    return { line: 1, column: 1 };
  };
}

/** Of a field its name is shown. */
function keyOffset(document: Document, path: Path): number | undefined {
  const key = path.at(-1);
  if (typeof key !== "string") return undefined;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isCollection(parent)) return undefined;
  for (const item of parent.items) {
    const name: unknown = typeof item === "object" && item !== null && "key" in item ? item.key : undefined;
    if (isNode(name) && "value" in name && String(name.value) === key) return name.range?.[0];
  }
  return undefined;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The first path at which two readings differ. */
function differingPath(a: unknown, b: unknown): Path | undefined {
  if (isDeepStrictEqual(a, b)) return undefined;
  if (isObject(a) && isObject(b) && !Array.isArray(a) && !Array.isArray(b)) {
    for (const [key, value] of Object.entries(a)) {
      if (!(key in b)) return [key];
      const below = differingPath(value, b[key]);
      if (below !== undefined) return [key, ...below];
    }
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const at = a.findIndex((value, i) => !isDeepStrictEqual(value, b[i]));
    if (at >= 0) return [at, ...(differingPath(a[at], b[at]) ?? [])];
  }
  return [];
}

export function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null;
}
