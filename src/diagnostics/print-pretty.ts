import { codeFrame, type FrameStyle } from "./code-frame.ts";
import type { Diagnostic, Severity } from "./diagnostic.ts";
import { printPlace } from "./print-place.ts";

export interface PrettyOptions {
  /** ANSI colours; the text says the same without. */
  readonly colour?: boolean;
}

type Paint = (text: string) => string;
interface Palette {
  readonly error: Paint;
  readonly warning: Paint;
  readonly strong: Paint;
  readonly dim: Paint;
  readonly hint: Paint;
}

/** Diagnostics for people: place, message, the lines with a caret, the remedy; a count at the end. Empty for none. */
export function printPretty(diagnostics: readonly Diagnostic[], { colour = false }: PrettyOptions = {}): string {
  if (diagnostics.length === 0) return "";
  const palette = colour ? coloured : plain;
  return [...diagnostics.map((diagnostic) => printOne(diagnostic, palette)), `${summary(diagnostics)}\n`].join("\n");
}

function printOne({ code, severity, message, hint, span, related }: Diagnostic, palette: Palette): string {
  const paint = palette[severity];
  const lines = [
    `${paint(`${severity}[${code}]`)}${span === undefined ? "" : ` ${palette.strong(printPlace(span))}`}`,
    ...message.split("\n").map((line) => `  ${palette.strong(line)}`),
  ];
  if (span !== undefined) lines.push("", ...codeFrame(span, frameStyle(palette, paint, 1)));
  for (const other of related) {
    lines.push("", `  ${palette.strong(printPlace(other.span))} ${other.message}`);
    lines.push(...codeFrame(other.span, frameStyle(palette, palette.hint, 0)));
  }
  if (hint !== undefined)
    lines.push("", ...hint.split("\n").map((line, i) => `  ${palette.hint(i === 0 ? "hint:" : "     ")} ${line}`));
  return `${lines.join("\n")}\n`;
}

function frameStyle(palette: Palette, caret: Paint, context: number): FrameStyle {
  return { context, gutter: palette.dim, caret };
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity): string[] => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return found === 0 ? [] : [`${found} ${severity}${found === 1 ? "" : "s"}`];
  };
  return [...count("error"), ...count("warning")].join(", ");
}

const same: Paint = (text) => text;
const plain: Palette = { error: same, warning: same, strong: same, dim: same, hint: same };

function ansi(code: string): Paint {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}
const coloured: Palette = {
  error: ansi("1;31"),
  warning: ansi("1;33"),
  strong: ansi("1"),
  dim: ansi("2"),
  hint: ansi("36"),
};
