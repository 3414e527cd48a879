/** A text's beginning, ended by `…` where that is not all; no character is cut in two. `longest`: in UTF-16 units. */
export function shorten(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
