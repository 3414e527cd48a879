/** Options of the form NAME=VALUE; what is not is told in `problems`. */
export function readPairs(
  option: string,
  texts: readonly string[],
  form: string,
  problems: string[],
): ReadonlyMap<string, string> {
  return new Map(
    texts.flatMap((text): [string, string][] => {
      const at = text.indexOf("=");
      if (at > 0) return [[text.slice(0, at), text.slice(at + 1)]];
      problems.push(`${option} ${text}: write ${option} ${form}`);
      return [];
    }),
  );
}
