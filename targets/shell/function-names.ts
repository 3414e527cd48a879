import { createHash } from "node:crypto";

export interface FunctionNames {
  /** A function's name for a slug (names joined by NUL); the same for the same slug, whatever else is in the script. */
  of(prefix: string, slug: string): string;
}

/** Names that a reader recognises. Where letters had to go, a digest of the path keeps two names apart. */
export function functionNames(): FunctionNames {
  const taken = new Map<string, string>();
  return {
    of(prefix, slug) {
      const plain = slug.replaceAll("\0", "_").replace(/[^A-Za-z0-9_]/g, "_");
      const clean = plain.slice(0, 60);
      const exact = clean === slug.replaceAll("\0", "_");
      let name = `${prefix}_${exact ? clean : `${clean}_${digest(slug)}`}`;
      // Two paths can meet without losing a letter: a.b_c and a_b.c.
      if (taken.has(name) && taken.get(name) !== slug) name = `${name}_${digest(slug)}`;
      taken.set(name, slug);
      return name;
    },
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
