/**
 * Names that a platform accepts, made of what the user wrote. They stay when other steps come and go: a name depends on
 * its own place, and only where two places would get one name does the later get a checksum.
 */
export interface NameScope {
  /** A name for a place; `wanted` is what a reader should recognise in it. */
  of(place: string, wanted: string): string;
}

/** `clean` gives a name of allowed characters; `longest` in characters; `reserved` names are never given. */
export function nameScope(
  clean: (wanted: string) => string,
  longest: number,
  options: { readonly reserved?: readonly string[]; readonly ignoreCase?: boolean } = {},
): NameScope {
  const fold = (name: string): string => (options.ignoreCase ? name.toLowerCase() : name);
  const taken = new Map<string, string>(options.reserved?.map((name) => [fold(name), `\0${name}`]));
  return {
    of(place, wanted) {
      const plain = clean(wanted);
      let name = plain.length <= longest && !/^(step-)?$/.test(plain) ? plain : withChecksum(plain, place, longest);
      for (let salt = 0; (taken.get(fold(name)) ?? place) !== place; salt++) {
        name = withChecksum(plain, `${place}${salt || ""}`, longest);
      }
      taken.set(fold(name), place);
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
