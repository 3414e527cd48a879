/**
 * Names that Argo accepts, made of what the user wrote. They stay when other steps come and go: a name depends on its
 * own place, and only where two places would get one name does the later get a checksum.
 */
export interface NameScope {
  /** A name for a place; `wanted` is what a reader should recognise in it. */
  of(place: string, wanted: string): string;
}

/** Of tasks in one dag (Argo: `[a-zA-Z][-a-zA-Z0-9]*`, 128; an expression reads a keyword as such, and a dash as minus). */
export function taskNames(reserved: readonly string[]): NameScope {
  return scope(
    (wanted) => {
      const clean = dashed(wanted, /[^A-Za-z0-9]+/g);
      return /^[A-Za-z]/.test(clean) && !keywords.has(clean) ? clean : `step-${clean}`;
    },
    60,
    reserved,
  );
}

/** Of templates (they become part of pod names, so lower case; 63 with the suffix of a chain's part). */
export function templateNames(): NameScope {
  return scope((wanted) => dashed(wanted.toLowerCase(), /[^a-z0-9]+/g) || "step", 50, []);
}

/** Lower case, for the workflow itself. */
export function workflowName(text: string, longest: number): string {
  const clean = dashed(text.toLowerCase(), /[^a-z0-9]+/g);
  return (clean === "" ? `pipeline-${checksum(text)}` : clean).slice(0, longest).replace(/-+$/, "");
}

const keywords = new Set("in not and or let if else true false nil matches contains startsWith endsWith".split(" "));

function dashed(text: string, other: RegExp): string {
  return text.replace(other, "-").replace(/^-+|-+$/g, "");
}

function scope(clean: (wanted: string) => string, longest: number, reserved: readonly string[]): NameScope {
  const taken = new Map<string, string>(reserved.map((name) => [name, `\0${name}`]));
  return {
    of(place, wanted) {
      const plain = clean(wanted);
      let name = plain.length <= longest && !/^(step-)?$/.test(plain) ? plain : withChecksum(plain, place, longest);
      for (let salt = 0; (taken.get(name) ?? place) !== place; salt++) {
        name = withChecksum(plain, `${place}${salt || ""}`, longest);
      }
      taken.set(name, place);
      return name;
    },
  };
}

function withChecksum(plain: string, place: string, longest: number): string {
  return `${plain.slice(0, longest - 9).replace(/-+$/, "")}-${checksum(place)}`;
}

/** FNV-1a, 32 bits; the scope sees to those that meet. */
export function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
