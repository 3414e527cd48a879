import type { Span } from "../source/source-file.ts";

export type Severity = "error" | "warning";

/** Something a user should know of the input, with the place, the cause and the remedy. */
export interface Diagnostic {
  /** From the table in codes.ts; stable, kebab-case (`unknown-next`). */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  /** Absent only where there is no text at all (a flag, an environment variable, a missing file). */
  readonly span?: Span;
  readonly related: readonly { readonly message: string; readonly span: Span }[];
}
