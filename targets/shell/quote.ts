import { shellQuote } from "../../src/system/shell-quote.ts";

const plain = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/;
const reserved = /^(?:case|do|done|elif|else|esac|fi|for|function|if|in|then|until|while)$/;

/** As {@link shellQuote}, bare where nothing in the text means anything to a shell. */
export function word(text: string): string {
  return plain.test(text) && !reserved.test(text) ? text : shellQuote(text);
}

/** Text for a comment: one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
