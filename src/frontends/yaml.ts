/**
 * Phase: front end. In: the text of a YAML (or JSON) file. Out: its value, and where each part was written. Pipelines come
 * through {@link file://./frontend.ts}; files of configuration and of parameters are YAML and are read by this alone.
 */
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Json } from "../protocol/json.ts";
import type { TextDocument } from "../source/source-document.ts";
import type { SourceFile } from "../source/source-file.ts";
import { readFullYaml } from "./full-yaml.ts";
import { readPlainYaml } from "./plain-yaml.ts";

export type YamlDocument = TextDocument<Json>;

/**
 * Reads a YAML 1.2 file. An empty one has the value null. Undefined where the text is no YAML; where only parts are
 * wrong (a duplicate key, an unknown anchor) the rest is given, and the sink has the errors.
 */
export function readYaml(file: SourceFile, sink: DiagnosticSink): YamlDocument | undefined {
  return readPlainYaml(file) ?? readFullYaml(file, sink);
}
