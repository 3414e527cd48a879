export interface FunctionNames {
  /** A function's name for a place in the pipeline (names joined by NUL); no two places share one. */
  of(prefix: string, place: string): string;
}

/**
 * Names that a reader recognises, made of the place alone, so that they stay when other steps come and go. Where
 * letters had to go, a checksum of the place tells two names apart.
 */
export function functionNames(): FunctionNames {
  const taken = new Map<string, string>();
  return {
    of(prefix, place) {
      const wanted = place.replaceAll("\0", "_");
      const clean = wanted.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 60);
      let name = `${prefix}_${clean}${clean === wanted ? "" : `_${checksum(place)}`}`;
      // Two places can meet without losing a letter (a, b_c and a_b, c), or in their checksum.
      for (let salt = 0; (taken.get(name) ?? place) !== place; salt++)
        name = `${prefix}_${clean}_${checksum(place, salt)}`;
      taken.set(name, place);
      return name;
    },
  };
}

/** FNV-1a, 32 bits: there may be a hundred thousand names, and `of` sees to those that meet. */
function checksum(text: string, salt = 0): string {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
