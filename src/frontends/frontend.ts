import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Json } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { SourceFile } from "../source/source-file.ts";

/** The door through which every pipeline comes, whatever it is written in. */
export interface Frontend {
  readonly name: string;
  /** Whether it is the one for what somebody named: `pipeline.yaml`, `train.py:nightly`. */
  reads(input: string): boolean;
  /** The file in which an input stands: `train.py` for `train.py:nightly`. Absent: the input is the name of a file. */
  fileOf?(input: string): string;
  /** Reports what is wrong with the text; undefined where it is no document at all. May start a process. */
  read(
    source: PipelineSource,
    sink: DiagnosticSink,
  ): SourceDocument<Json> | undefined | Promise<SourceDocument<Json> | undefined>;
}

export interface PipelineSource {
  /** What was named, by a person or by a document that includes it. */
  readonly input: string;
  readonly file: SourceFile;
}
