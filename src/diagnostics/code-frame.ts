import { lineMapOf } from "../source/line-map.ts";
import type { Span } from "../source/source-file.ts";
import { visible } from "../system/visible.ts";

export interface FrameStyle {
  /** Lines shown around the one that is meant. */
  readonly context: number;
  readonly gutter: (text: string) => string;
  readonly caret: (text: string) => string;
}

/** Columns of a terminal that a line of a frame may take; longer lines are cut around the caret. */
const maxWidth = 110;

/**
 * The lines around a place, numbered, with carets below the part that is meant; only the first line of a place of
 * several lines is marked.
 */
export function codeFrame(span: Span, style: FrameStyle): readonly string[] {
  const lines = lineMapOf(span.file);
  const { line } = lines.positionOf(span.start);
  const first = Math.max(1, line - style.context);
  const last = Math.min(lines.lineCount, line + style.context);
  const numberWidth = Math.max(2, `${last}`.length);
  const start = lines.startOf(line);
  const text = lines.textOf(line);
  const from = Math.min(span.start - start, text.length);
  const to = Math.max(from, Math.min(span.end - start, text.trimEnd().length));
  const cut = cutting(text, from, to);
  const shown: string[] = [];
  for (let at = first; at <= last; at++) {
    if (at !== line && (at > line ? at === last : at === first) && lines.textOf(at).trim() === "") continue;
    const mark = at === line ? ">" : " ";
    const content = at === line ? cut.text : cutting(lines.textOf(at), 0, 0).text;
    shown.push(`${style.gutter(`${mark} ${`${at}`.padStart(numberWidth)} |`)} ${content}`.trimEnd());
    if (at !== line) continue;
    const carets = style.caret("^".repeat(Math.max(1, cut.width)));
    shown.push(`${style.gutter(`  ${" ".repeat(numberWidth)} |`)} ${" ".repeat(cut.indent)}${carets}`);
  }
  return shown;
}

/** A line as it is shown, with the columns of `[from, to)` in it. */
function cutting(line: string, from: number, to: number): { text: string; indent: number; width: number } {
  const before = printable(line.slice(0, from));
  const marked = printable(line.slice(from, to));
  const after = printable(line.slice(to));
  const indent = widthOf(before);
  if (indent + widthOf(marked) + widthOf(after) <= maxWidth) {
    return { text: before + marked + after, indent, width: widthOf(marked) };
  }
  const head = indent > maxWidth / 2 ? `…${takeEnd(before, maxWidth / 3)}` : before;
  const middle = takeStart(marked, maxWidth - widthOf(head));
  const rest = takeStart(after, maxWidth - widthOf(head) - widthOf(middle));
  const ends = middle.length < marked.length || rest.length < after.length;
  return { text: `${head}${middle}${rest}${ends ? "…" : ""}`, indent: widthOf(head), width: widthOf(middle) };
}

function printable(text: string): string {
  return visible(text.replace(/\t/g, "  "));
}

function takeStart(text: string, width: number): string {
  let taken = "";
  let used = 0;
  for (const c of text) {
    used += widthOfCharacter(c);
    if (used > width) break;
    taken += c;
  }
  return taken;
}

function takeEnd(text: string, width: number): string {
  const characters = [...text];
  let used = 0;
  let from = characters.length;
  while (from > 0 && used + widthOfCharacter(characters[from - 1] ?? "") <= width) {
    used += widthOfCharacter(characters[--from] ?? "");
  }
  return characters.slice(from).join("");
}

function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const c of text) width += widthOfCharacter(c);
  return width;
}

/** Columns in a terminal: none for combining marks, two for East Asian wide characters and emoji. */
function widthOfCharacter(c: string): number {
  if (c <= "~") return 1;
  if (/^(?:\p{Mn}|\p{Me}|\u200b|\u200c|\u200d)$/u.test(c)) return 0;
  const wide =
    /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
  return wide.test(c) ? 2 : 1;
}
