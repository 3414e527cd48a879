import { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Json } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Frontend } from "./frontend.ts";
import { frontendFor } from "./frontends.ts";

/** A file that is there and is not read. */
export interface Unusable {
  /** As in: it is outside of the project. */
  readonly problem: string;
}

/** The text of a file by its name, relative to the working directory; undefined where there is none. */
export type ReadFile = (name: string) => string | Unusable | undefined;

/** Undefined: there is no such file. The document is undefined where it was reported, or is still being read. */
export type Included = { readonly document: SourceDocument<Json> | undefined } | Unusable | undefined;

/** The documents that a pipeline's documents include, through the same door as the pipeline itself; each is read once. */
export interface IncludedDocuments {
  read(input: string, sink: DiagnosticSink): Included;
  /** What was asked for and is still being read; empty: everything was there at once. */
  pending(): readonly Promise<void>[];
}

export function includedDocuments(readFile: ReadFile, among?: readonly Frontend[]): IncludedDocuments {
  const known = new Map<string, { readonly found: Included; readonly sink: DiagnosticSink }>();
  const pending = new Map<string, Promise<void>>();
  const open = (input: string, sink: DiagnosticSink): Included => {
    const frontend = frontendFor(input, among);
    const name = frontend.fileOf?.(input) ?? input;
    const text = readFile(name);
    if (typeof text !== "string") return text;
    const document = frontend.read({ input, file: { name, text } }, sink);
    if (!(document instanceof Promise)) return { document };
    const settle = (read: SourceDocument<Json> | undefined): void => {
      known.set(input, { found: { document: read }, sink });
      pending.delete(input);
    };
    pending.set(input, document.then(settle));
    return { document: undefined };
  };
  return {
    read(input, sink) {
      const entry = known.get(input) ?? newEntry(open, input);
      known.set(input, entry);
      for (const diagnostic of entry.sink.list()) sink.add(diagnostic);
      return entry.found;
    },
    pending: () => [...pending.values()],
  };
}

function newEntry(open: (input: string, sink: DiagnosticSink) => Included, input: string) {
  const sink = new DiagnosticSink();
  return { found: open(input, sink), sink };
}
