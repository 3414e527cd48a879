import picomatch from "picomatch";

/** The names of a run's artifacts, in the order of their uploads. */
export interface ArtifactNames {
  /** Undefined: reserved. Else why the upload fails. */
  reserve(name: string, overwrite: boolean): string | undefined;
  has(name: string): boolean;
  /** Those that the pattern of download-artifact matches; all for an empty one. */
  matching(pattern: string): readonly string[];
  all(): readonly string[];
}

/** The most artifacts of one job (docs.github.com, limits of the artifact service). */
export const artifactsPerJob = 500;
/** As many are listed for a pattern, unless ACTIONS_ARTIFACT_MAX_ARTIFACT_COUNT says otherwise. */
export const artifactsListed = 1000;

/** Rules and messages as in actions/toolkit, packages/artifact (path-and-artifact-name-validation.ts). */
export function artifactNames(): ArtifactNames {
  const names = new Set<string>();
  return {
    reserve: (name, overwrite) => {
      if (name === "") return "Provided artifact name input during validation is empty";
      const invalid = invalidCharacter(name, /["<>|*?\r\n:\\/]/);
      if (invalid !== undefined) return `The artifact name is not valid: ${name}. It contains ${invalid}`;
      if (names.has(name) && !overwrite)
        return "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists on the workflow run";
      names.delete(name);
      names.add(name);
      return undefined;
    },
    has: (name) => names.has(name),
    matching: (pattern) => {
      if (pattern === "") return [...names];
      const matches = artifactPattern(pattern);
      return [...names].filter(matches);
    },
    all: () => [...names],
  };
}

/** What a file's path in an artifact must not contain; undefined: it is fine. */
export function invalidFilePath(path: string): string | undefined {
  const invalid = invalidCharacter(path, /["<>|*?\r\n:]/);
  return invalid && `The path for one of the files in artifact is not valid: ${path}. It contains ${invalid}`;
}

function invalidCharacter(text: string, characters: RegExp): string | undefined {
  const found = characters.exec(text)?.[0];
  return found === undefined ? undefined : JSON.stringify(found);
}

/**
 * The pattern as minimatch reads it, for names without `/`: `*`, `?`, `[…]`, `{a,b}`; braces around one entry are
 * themselves.
 */
function artifactPattern(pattern: string): (name: string) => boolean {
  const matchers = expandBraces(pattern).map((one) =>
    picomatch(one.replace(/[{}]/g, "\\$&"), { nobrace: true, dot: false }),
  );
  return (name) => matchers.some((matches) => matches(name));
}

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. */
export function expandBraces(pattern: string): readonly string[] {
  const done: string[] = [];
  const pending = [{ text: pattern, from: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { text } = next;
    const open = text.indexOf("{", next.from);
    const group = open < 0 ? undefined : groupAt(text, open);
    if (open < 0) done.push(text);
    else if (group === undefined) pending.push({ text, from: open + 1 });
    else
      for (const part of group.parts.toReversed())
        pending.push({ text: text.slice(0, open) + part + text.slice(group.end), from: open });
  }
  return done;
}

/** The parts between the commas of the braces that open there; undefined: never closed, or one part only. */
function groupAt(text: string, open: number): { readonly parts: readonly string[]; readonly end: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < text.length; at++) {
    const char = text[at];
    if (char === "{") depth++;
    else if (char === "}") depth--;
    if ((char === "," && depth === 1) || depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return parts.length > 1 ? { parts, end: at + 1 } : undefined;
  }
  return undefined;
}
