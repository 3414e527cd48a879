import { targetNames } from "../../src/cli/input/load-target.ts";
import type { Configuration } from "../../src/configuration/configuration.ts";
import { readConfiguration } from "../../src/configuration/read-configuration.ts";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";

export interface Found {
  readonly code: string;
  /** The text that the diagnostic points at. */
  readonly at: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What was found, in a form that tests can compare. */
export function findings(sink: DiagnosticSink): readonly Found[] {
  return sink.list().map(({ code, span, message, hint }: Diagnostic) => ({
    code,
    at: span?.file.text.slice(span.start, span.end),
    message,
    hint,
  }));
}

/** Reads configuration texts, earlier ones first, and flags. */
export function read(
  texts: string | readonly string[],
  set: readonly string[] = [],
): { readonly configuration: Configuration; readonly sink: DiagnosticSink; readonly found: readonly Found[] } {
  const sink = new DiagnosticSink();
  const files = [texts].flat().map((text, i) => ({ name: `config-${i}.yaml`, text }));
  const configuration = readConfiguration({ files, set, targetNames: targetNames(), sink });
  return { configuration, sink, found: findings(sink) };
}
