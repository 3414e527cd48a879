import { lineMapOf } from "../source/line-map.ts";
import type { Span } from "../source/source-file.ts";
import { escapeData, escapeProperty } from "../system/workflow-command.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { printPlace } from "./print-place.ts";

/** One workflow command a diagnostic, which GitHub shows at the line: `::error file=…,line=…,title=…::message`. */
export function printGithub(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((diagnostic) => `${command(diagnostic)}\n`).join("");
}

function command({ code, severity, message, hint, span, related }: Diagnostic): string {
  const properties = [...(span === undefined ? [] : place(span)), ["title", code] as const];
  const lines = [
    message,
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ...related.map((other) => `${printPlace(other.span)}: ${other.message}`),
  ];
  const head = properties.map(([name, value]) => `${name}=${escapeProperty(value)}`).join(",");
  return `::${severity} ${head}::${escapeData(lines.join("\n"))}`;
}

/** GitHub refuses columns on annotations of several lines: such a place ends with its first line. */
function place(span: Span): readonly (readonly [string, string])[] {
  const lines = lineMapOf(span.file);
  const from = lines.positionOf(span.start);
  const to = lines.positionOf(span.end);
  const endColumn = to.line === from.line ? to.column : [...lines.textOf(from.line)].length + 1;
  return [
    ["file", span.file.name],
    ["line", `${from.line}`],
    ["endLine", `${from.line}`],
    ["col", `${from.column}`],
    ["endColumn", `${Math.max(endColumn, from.column)}`],
  ];
}
