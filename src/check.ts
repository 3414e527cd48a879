/**
 * Reads and checks a pipeline: read → schema → lower → rules. In: what a front end read, or what somebody named. Out: the
 * IR and its places, where nothing is wrong.
 */
import { DiagnosticSink } from "./diagnostics/sink.ts";
import type { Frontend, PipelineSource } from "./frontends/frontend.ts";
import { frontendFor } from "./frontends/frontends.ts";
import { includedDocuments, type ReadFile } from "./frontends/included-documents.ts";
import type { Checked } from "./ir/checked.ts";
import { type LowerOptions, lowerPipeline } from "./lower/lower-pipeline.ts";
import type { Json } from "./protocol/json.ts";
import { rules } from "./rules/rules.ts";
import type { SourceDocument } from "./source/source-document.ts";

/** Reports everything that is wrong at once; undefined where any of it is an error. Warnings stop nothing. */
export function checkPipeline(
  document: SourceDocument<Json>,
  options: LowerOptions,
  sink: DiagnosticSink,
): Checked | undefined {
  const before = sink.errorCount;
  const lowered = lowerPipeline(document, options, sink);
  if (lowered === undefined) return undefined;
  const { pipeline, places, uncertain } = lowered;
  for (const check of rules) check(pipeline, { sink, places, uncertain });
  return sink.errorCount > before ? undefined : { pipeline, places, document };
}

export interface ReadOptions {
  /** Of the files that the document includes. */
  readonly readFile: ReadFile;
  readonly frontends?: readonly Frontend[];
}

/** The same for what somebody named, whatever it is written in. */
export async function readPipeline(
  source: PipelineSource,
  { readFile, frontends }: ReadOptions,
  sink: DiagnosticSink,
): Promise<Checked | undefined> {
  const before = sink.errorCount;
  const document = await frontendFor(source.input, frontends).read(source, sink);
  if (document === undefined) return undefined;
  const included = includedDocuments(readFile, frontends);
  // A document that is only being read when it is asked for leaves a gap: then all is checked again when it is there.
  for (;;) {
    const found = new DiagnosticSink(sink);
    const checked = checkPipeline(document, { readDocument: included.read }, found);
    const pending = included.pending();
    if (pending.length > 0) await Promise.all(pending);
    else {
      for (const diagnostic of found.list()) sink.add(diagnostic);
      return sink.errorCount > before ? undefined : checked;
    }
  }
}
