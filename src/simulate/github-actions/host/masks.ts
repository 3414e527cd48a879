/** The values that output must not show. They only become more. */
export interface Masks {
  add(value: string): void;
  mask(text: string): string;
  /** Whether the text contains one of them. */
  hit(text: string): boolean;
}

/**
 * Each value and each of its lines, blanks at the ends left out, as actions/runner does (src/Runner.Worker/Worker.cs,
 * InitializeSecretMasker). The runner also masks encoded forms, such as base64; those are not masked here.
 */
export function masksOf(secrets: readonly string[]): Masks {
  const values = new Set<string>();
  let ordered: readonly string[] = [];
  const add = (value: string): void => {
    for (const text of [value.trim(), ...value.split(/[\r\n]+/).map((line) => line.trim())])
      if (text !== "") values.add(text);
    // The longest first: a value that contains another is replaced as a whole.
    ordered = [...values].sort((a, b) => b.length - a.length);
  };
  for (const secret of secrets) add(secret);
  const hit = (text: string): boolean => ordered.some((value) => text.includes(value));
  return {
    add,
    hit,
    mask: (text) => (hit(text) ? ordered.reduce((result, value) => result.replaceAll(value, "***"), text) : text),
  };
}
