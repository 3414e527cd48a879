/** A shell word that is exactly this text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const plain = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/;
const reserved = /^(?:case|do|done|elif|else|esac|fi|for|function|if|in|then|until|while)$/;

/** As {@link quote}, bare where nothing in the text means anything to a shell. */
export function word(text: string): string {
  return plain.test(text) && !reserved.test(text) ? text : quote(text);
}

/** Text for a comment: one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
