/** Those of the variables that are set and not empty. */
export function setOf(
  names: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string } {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== "") values[name] = value;
  }
  return values;
}
