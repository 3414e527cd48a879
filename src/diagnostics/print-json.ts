import { lineMapOf } from "../source/line-map.ts";
import type { Span } from "../source/source-file.ts";
import { present } from "../system/present.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** `{"diagnostics": […]}` on one line. Lines and columns from 1, columns in characters, ends exclusive. */
export function printJson(diagnostics: readonly Diagnostic[]): string {
  return `${JSON.stringify({ diagnostics: diagnostics.map(plain) })}\n`;
}

function plain({ code, severity, message, hint, span, related }: Diagnostic): object {
  return {
    code,
    severity,
    message,
    ...present({ hint }),
    ...(span && { ...start(span), ...end(span) }),
    related: related.map((other) => ({ message: other.message, ...start(other.span) })),
  };
}

function start(span: Span): object {
  return { file: span.file.name, ...lineMapOf(span.file).positionOf(span.start) };
}

function end(span: Span): object {
  const { line, column } = lineMapOf(span.file).positionOf(span.end);
  return { endLine: line, endColumn: column };
}
