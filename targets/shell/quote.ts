/** A shell word that is exactly this text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As {@link quote}, bare where nothing in the text means anything to a shell. */
export function word(text: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/.test(text) ? text : quote(text);
}

/** Text for a comment: one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
