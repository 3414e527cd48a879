/**
 * Names that a platform accepts, made of what the user wrote. They stay when other steps come and go: a name depends on
 * its own place, and only where two places would get one name does the later get a checksum.
 */
export interface NameScope {
  /** A name for a place; `wanted` is what a reader should recognise in it. */
  of(place: string, wanted: string): string;
}

export interface NameRules {
  /** Leaves allowed characters. */
  readonly clean: (wanted: string) => string;
  /** In characters. */
  readonly longest: number;
  /** Names that are never given. */
  readonly reserved?: readonly string[];
  readonly ignoreCase?: boolean;
  /** Whether each name from which something was cleaned gets a checksum, also where it is the only one. */
  readonly marksCleaned?: boolean;
  /** Before a checksum; default: a dash. */
  readonly separator?: string;
}

export function nameScope(rules: NameRules): NameScope {
  const { clean, longest, reserved, ignoreCase, marksCleaned } = rules;
  const fold = (name: string): string => (ignoreCase ? name.toLowerCase() : name);
  const taken = new Map<string, string>(reserved?.map((name) => [fold(name), `\0${name}`]));
  return {
    of(place, wanted) {
      const plain = clean(wanted);
      const fits = plain.length <= longest && !/^(step-)?$/.test(plain) && !(marksCleaned && plain !== wanted);
      let name = fits ? plain : withChecksum(plain, place, rules);
      for (let salt = 0; (taken.get(fold(name)) ?? place) !== place; salt++) {
        name = withChecksum(plain, `${place}${salt || ""}`, rules);
      }
      taken.set(fold(name), place);
      return name;
    },
  };
}

function withChecksum(plain: string, place: string, { longest, separator = "-" }: NameRules): string {
  return `${plain.slice(0, longest - 9).replace(/-+$/, "")}${separator}${checksum(place)}`;
}

/** FNV-1a, 32 bits; the scope sees to those that meet. */
export function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
