/**
 * Phase: lower. In: a document, as a front end read it. Out: the IR. What is wrong is reported, and stands for the
 * nearest thing that is right, so that one run tells everything; the IR counts only where there was no error.
 */
import { posix } from "node:path";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Graph, Pipeline } from "../ir/pipeline.ts";
import { parameterName } from "../protocol/environment.ts";
import { isGuardedName } from "../protocol/guarded-names.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import { hasObject } from "../protocol/object-value.ts";
import { asMapping } from "../schema/read-shape.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Span } from "../source/source-file.ts";
import { noDefaults } from "./lower-defaults.ts";
import { type DocumentParts, lowerDocument } from "./lower-document.ts";
import { lowerGraph } from "./lower-graph.ts";
import type { Scope, Unusable } from "./scope.ts";

export interface Lowered {
  readonly pipeline: Pipeline;
  /** Graphs with an edge that leads nowhere: rules about what can be reached leave them alone. */
  readonly uncertain: ReadonlySet<Graph>;
}

export interface LowerOptions {
  /**
   * The text of an included file by its name, relative to the working directory; undefined where there is none, or why it
   * is not read.
   */
  readonly readFile: (name: string) => string | Unusable | undefined;
}

export function lowerPipeline(
  document: SourceDocument<Json>,
  { readFile }: LowerOptions,
  sink: DiagnosticSink,
): Lowered | undefined {
  const uncertain = new Set<Graph>();
  const scope: Scope = {
    document,
    sink,
    defaults: noDefaults,
    around: undefined,
    depth: 0,
    trail: [{ file: posix.normalize(document.file.name), span: undefined }],
    shared: { readFile, documents: new Map(), uncertain, steps: 0, lowerGraph },
  };
  const parts = lowerDocument("the pipeline", scope);
  return parts && { pipeline: pipelineOf(parts, scope), uncertain };
}

function pipelineOf({ fields, container, root }: DocumentParts, scope: Scope): Pipeline {
  const { document } = scope;
  const { parameters, spans } = lowerParameters(fields.parameters ?? {}, scope);
  return {
    name: nameOf(fields.name, container, scope),
    ...(fields.description ? { description: fields.description } : {}),
    parameters,
    parameterSchema: lowerSchemas(fields.parameter_schema ?? {}, scope),
    root,
    span: document.rootSpan,
    parameterSpans: spans,
  };
}

/** The name becomes the name of files. */
function nameOf(name: string | null | undefined, container: JsonObject, { document, sink }: Scope): string {
  if (name === null || name === undefined)
    return posix.basename(document.file.name).replace(/\.(?:ya?ml|json)$/i, "") || "pipeline";
  const cause = problemOfName(name);
  if (cause !== undefined)
    sink.report("bad-pipeline-name", { name, cause, span: document.valueSpan(container, "name") });
  return name;
}

function problemOfName(name: string): string | undefined {
  if (name.trim() === "") return "it is empty";
  if (name !== name.trim()) return "it begins or ends with a blank";
  if (/[/\\]/.test(name)) return "it contains a slash";
  if (/\p{Cc}|\p{Surrogate}/u.test(name)) return "it contains a control character";
  if (name.startsWith(".") || name.startsWith("-")) return `it begins with "${name[0]}"`;
  return name.length > 200 ? "it is longer than 200 characters" : undefined;
}

/** Names of parameters are checked here, where each has its place. */
function lowerParameters(
  values: JsonObject,
  { document, sink }: Scope,
): { parameters: JsonObject; spans: Map<string, Span> } {
  const spans = new Map<string, Span>();
  for (const name of Object.keys(values)) {
    const span = document.keySpan(values, name) ?? document.rootSpan;
    spans.set(name, span);
    if (!parameterName.test(name) || name === "__proto__") sink.report("bad-parameter-name", { from: "", name, span });
    else if (hasObject(values[name] ?? null)) sink.report("object-in-parameter", { from: "", name, span });
    else if (isGuardedName(name)) sink.report("guarded-parameter-name", { name, span });
  }
  return { parameters: values, spans };
}

function lowerSchemas(schemas: JsonObject, { document, sink }: Scope): { [name: string]: JsonObject } {
  const lowered: { [name: string]: JsonObject } = {};
  for (const name of Object.keys(schemas)) {
    const span = document.keySpan(schemas, name) ?? document.rootSpan;
    if (!parameterName.test(name) || name === "__proto__") {
      sink.report("bad-parameter-name", { from: "", name, span });
      continue;
    }
    const schema = schemas[name];
    const mapping =
      schema === undefined
        ? undefined
        : asMapping(schema, `the schema of "${name}"`, document.valueSpan(schemas, name), sink);
    if (mapping !== undefined) lowered[name] = mapping;
  }
  return lowered;
}
