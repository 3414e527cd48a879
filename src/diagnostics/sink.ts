import type { Span } from "../source/source-file.ts";
import { present } from "../system/present.ts";
import type { CodeEntry } from "./code-entry.ts";
import { type Code, codes, type Holes } from "./codes.ts";
import type { Diagnostic } from "./diagnostic.ts";

export interface Related {
  readonly message: string;
  /** A place that is not known is left out. */
  readonly span: Span | undefined;
}

export interface Place {
  readonly span?: Span | undefined;
  readonly related?: readonly Related[];
}

/** Collects the diagnostics of one run of magnus. Nothing is printed or thrown here. */
export class DiagnosticSink {
  readonly #found = new Map<string, Diagnostic>();
  readonly #places = new Set<string>();
  #errors = 0;

  /** Begins with what another has found, if one is given. */
  constructor(before?: DiagnosticSink) {
    for (const diagnostic of before?.list() ?? []) this.add(diagnostic);
  }

  /** Reports `code`; the same message at the same place is kept once. */
  report<C extends Code>(code: C, details: Holes<C> & Place): void {
    const entry: CodeEntry = codes[code];
    const hint = entry.hint?.(details);
    this.add({
      code,
      severity: entry.severity,
      message: entry.message(details),
      ...present({ hint, span: details.span }),
      related: (details.related ?? []).flatMap(({ message, span }) => (span === undefined ? [] : [{ message, span }])),
    });
  }

  /** Takes over a diagnostic that was made elsewhere. */
  add(diagnostic: Diagnostic): void {
    const { code, span, message } = diagnostic;
    const key = JSON.stringify([code, span?.file.name, span?.start, message]);
    if (this.#found.has(key)) return;
    this.#found.set(key, diagnostic);
    if (diagnostic.severity !== "error") return;
    this.#errors++;
    if (span !== undefined) this.#places.add(placeKey(span));
  }

  /** Whether an error was told that begins at the same place: what is found there later only follows from it. */
  hasErrorAt(span: Span | undefined): boolean {
    return span !== undefined && this.#places.has(placeKey(span));
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  get errorCount(): number {
    return this.#errors;
  }

  /** By file, then place; those without a place first. */
  list(): readonly Diagnostic[] {
    return [...this.#found.values()].sort(byPlace);
  }
}

function placeKey({ file, start }: Span): string {
  return `${start} ${file.name}`;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compare(a.span?.file.name ?? "", b.span?.file.name ?? "") ||
    (a.span?.start ?? -1) - (b.span?.start ?? -1) ||
    compare(a.code, b.code)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
