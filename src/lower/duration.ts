import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Span } from "../source/source-file.ts";
import { isDuration, parseDuration } from "../system/duration.ts";

/** Milliseconds of a duration such as `90s` or `1h30m`; reported, and undefined, where the text is none. */
export function lowerDuration(
  text: string,
  { label, span, least }: { readonly label: string; readonly span: Span | undefined; readonly least: 0 | 1 },
  sink: DiagnosticSink,
): number | undefined {
  const problem = isDuration(text) ? undefined : problemOf(text);
  if (problem !== undefined) {
    sink.report("bad-duration", { label, text, span, ...problem });
    return undefined;
  }
  const total = parseDuration(text);
  if (total !== undefined && total >= least) return total;
  const cause = total !== undefined ? "it must be above zero" : "it is longer than can be counted";
  sink.report("bad-duration", { label, text, span, cause, instead: undefined });
  return undefined;
}

function problemOf(text: string): { readonly cause: string; readonly instead: string | undefined } {
  if (/^\d+(?:\.\d+)?$/.test(text)) return { cause: "it has no unit", instead: `${text}s` };
  const close = text
    .toLowerCase()
    .replace(/\s+/g, "")
    .replace(/hours?|hrs?/g, "h")
    .replace(/milliseconds?|millis/g, "ms")
    .replace(/minutes?|mins?/g, "m")
    .replace(/seconds?|secs?/g, "s")
    .replace(/days?/g, "d");
  return { cause: "expected numbers with units", instead: isDuration(close) ? close : undefined };
}
