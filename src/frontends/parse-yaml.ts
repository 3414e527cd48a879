import { type Document, parseDocument } from "yaml";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { SourceFile } from "../source/source-file.ts";
import { reportYamlErrors } from "./yaml-errors.ts";

/** The nodes of a YAML text; undefined, and reported, where its structure is broken. */
export function parseYaml(file: SourceFile, sink: DiagnosticSink): Document.Parsed | undefined {
  const options = {
    version: "1.2",
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
  } as const;
  try {
    const parsed = parseDocument(file.text, options);
    return reportYamlErrors(parsed, file, sink) ? parsed : undefined;
  } catch (error) {
    // The parser recurses for each error of a kind; thousands of them exceed the stack.
    if (!(error instanceof RangeError)) throw error;
    const problem = "the text is broken in too many places to be read";
    const remedy = "inside of brackets, indent each line further than the key before them";
    sink.report("yaml-syntax", { problem, remedy, span: { file, start: 0, end: 1 } });
    return undefined;
  }
}
