import { checkPipeline } from "../../src/check.ts";
import type { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { includedDocuments, type ReadFile } from "../../src/frontends/included-documents.ts";
import { yamlFrontend } from "../../src/frontends/yaml-frontend.ts";
import type { Checked } from "../../src/ir/checked.ts";

export interface TextOptions {
  readonly name?: string;
  /** Of the files that it includes. */
  readonly readFile?: ReadFile;
}

/** Reads and checks a pipeline in YAML, as `readPipeline` does, but at once. */
export function checkText(text: string, options: TextOptions, sink: DiagnosticSink): Checked | undefined {
  const { name = "pipeline.yaml", readFile = () => undefined } = options;
  const before = sink.errorCount;
  const document = yamlFrontend.read({ input: name, file: { name, text } }, sink);
  if (document === undefined || document instanceof Promise) return undefined;
  const checked = checkPipeline(document, { readDocument: includedDocuments(readFile).read }, sink);
  return sink.errorCount > before ? undefined : checked;
}
