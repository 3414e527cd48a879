import { type NameScope, nameScope } from "../../src/target/name-scope.ts";

export interface FunctionNames {
  /** A function's name for a place in the pipeline (names joined by NUL); no two places share one. */
  of(prefix: string, place: string): string;
}

/** Names of one prefix are a scope: it has no `_` itself, so that those of two never meet. */
export function functionNames(): FunctionNames {
  const scopes = new Map<string, NameScope>();
  return {
    of(prefix, place) {
      const scope = scopes.get(prefix) ?? newScope();
      scopes.set(prefix, scope);
      return `${prefix}_${scope.of(place, place.replaceAll("\0", "_"))}`;
    },
  };
}

/** Most letters of other scripts have to go, so what is left of two names is often the same. */
function newScope(): NameScope {
  const clean = (wanted: string): string => wanted.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 60);
  return nameScope({ clean, longest: 69, marksCleaned: true, separator: "_" });
}
