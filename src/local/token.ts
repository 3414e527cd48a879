import type { CatalogFile } from "../protocol/event.ts";
import type { Parameters, Path, PathElement } from "../protocol/path.ts";
import { layFiles } from "../run-log/replay/token-scope.ts";

/** What a graph's token carries in: the enclosing graphs' parameters and files, and where it is. */
export interface Token {
  readonly parameters: Parameters;
  /** Enclosing items and loop indices; they hide parameters of the same name. */
  readonly items: Parameters;
  readonly files: Files;
  readonly prefix: Path;
}

export type Files = ReadonlyMap<string, CatalogFile>;

export const noFiles: Files = new Map();

export function visible(token: Token): Parameters {
  return { ...token.parameters, ...token.items };
}

export function enter(token: Token, element: PathElement, items: Parameters = {}): Token {
  return {
    ...token,
    prefix: [...token.prefix, element],
    items: isEmpty(items) ? token.items : { ...token.items, ...items },
  };
}

export function withFiles(files: Files, put: readonly CatalogFile[]): Files {
  if (put.length === 0) return files;
  const all = new Map(files);
  layFiles(all, put);
  return all;
}

export function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
