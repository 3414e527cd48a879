import { visible } from "../system/visible.ts";
/** A text of the user's inside a message: quoted, on one line, shortened in the middle, without control characters. */
export function quote(text: string, maxLength = 60): string {
  return `"${visible(withoutMiddle(text, maxLength))}"`;
}

/** Names joined for a sentence: `"a", "b" and "c"`; long lists are cut. */
export function quoteList(names: readonly string[], word = "and", maxNames = 8): string {
  const quoted = names.slice(0, maxNames).map((name) => quote(name));
  const more = names.length - quoted.length;
  const parts = more > 0 ? [...quoted, `${more} more`] : quoted;
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} ${word} ${parts.at(-1)}`;
}

function withoutMiddle(text: string, maxLength: number): string {
  const characters = [
    ...text.slice(0, maxLength * 4 + 4),
    ...(text.length > maxLength * 4 + 4 ? text.slice(-maxLength) : ""),
  ];
  if (characters.length <= maxLength) return text;
  const head = Math.ceil((maxLength - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(head - maxLength + 1).join("")}`;
}
