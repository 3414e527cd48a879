/**
 * Phase: lower. In: a document, as a front end read it. Out: the IR. What is wrong is reported, and stands for the
 * nearest thing that is right, so that one run tells everything; the IR counts only where there was no error.
 */
import { posix } from "node:path";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { IncludedDocuments } from "../frontends/included-documents.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import type { Places } from "../ir/places.ts";
import type { Uncertain } from "../ir/uncertain.ts";
import { parameterName } from "../protocol/environment-names.ts";
import { isGuardedName } from "../protocol/guarded-names.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import { hasObject } from "../protocol/object-value.ts";
import { asMapping } from "../schema/read-shape.ts";
import type { SourceDocument } from "../source/source-document.ts";
import { type DocumentParts, lowerDocument } from "./lower-document.ts";
import { lowerGraph } from "./lower-graph.ts";
import type { LoweringScope, Shared } from "./lowering-scope.ts";
import { WrittenPlaces } from "./written-places.ts";

export interface Lowered {
  readonly pipeline: Pipeline;
  readonly places: Places;
  readonly uncertain: Uncertain;
}

export interface LowerOptions {
  /** An included document by its name, relative to the working directory; each is asked for once. */
  readonly readDocument: IncludedDocuments["read"];
}

export function lowerPipeline(
  document: SourceDocument<Json>,
  { readDocument }: LowerOptions,
  sink: DiagnosticSink,
): Lowered | undefined {
  const places = new WrittenPlaces(document);
  const uncertain: Shared["uncertain"] = { graphs: new Set(), edges: new Set(), keys: new Set() };
  const scope: LoweringScope = {
    document,
    sink,
    defaults: {},
    around: undefined,
    depth: 0,
    trail: [{ file: posix.normalize(document.file.name), span: undefined }],
    shared: { readDocument, documents: new Map(), places, uncertain, steps: 0, lowerGraph },
  };
  const parts = lowerDocument("the pipeline", scope);
  return parts && { pipeline: pipelineOf(parts, scope), places, uncertain };
}

function pipelineOf({ fields, container, root }: DocumentParts, scope: LoweringScope): Pipeline {
  const parameters = fields.parameters ?? {};
  checkParameterNames(parameters, scope);
  return {
    name: nameOf(fields.name, container, scope),
    ...(fields.description ? { description: fields.description } : {}),
    parameters,
    parameterSchema: lowerSchemas(fields.parameter_schema ?? {}, scope),
    root,
  };
}

/** The name becomes the name of files. */
function nameOf(name: string | null | undefined, container: JsonObject, { document, sink }: LoweringScope): string {
  if (name === null || name === undefined)
    return (document.defaultName ?? posix.basename(document.file.name)) || "pipeline";
  const cause = problemOfName(name);
  if (cause !== undefined)
    sink.report("bad-pipeline-name", { name, cause, span: document.valueSpan(container, "name") });
  return name;
}

function problemOfName(name: string): string | undefined {
  if (name.trim() === "") return "it is empty";
  if (name !== name.trim()) return "it starts or ends with a space";
  if (/[/\\]/.test(name)) return "it contains a slash";
  if (/\p{Cc}|\p{Surrogate}/u.test(name)) return "it contains a control character";
  if (name.startsWith(".") || name.startsWith("-")) return `it starts with "${name[0]}"`;
  return name.length > 200 ? "it is longer than 200 characters" : undefined;
}

/** Names of parameters are checked here, where each has its place. */
function checkParameterNames(values: JsonObject, { document, sink }: LoweringScope): void {
  for (const name of Object.keys(values)) {
    const span = document.keySpan(values, name) ?? document.rootSpan;
    if (!parameterName.test(name) || name === "__proto__") sink.report("bad-parameter-name", { from: "", name, span });
    else if (hasObject(values[name] ?? null)) sink.report("object-in-parameter", { from: "", name, span });
    else if (isGuardedName(name)) sink.report("guarded-parameter-name", { name, span });
  }
}

function lowerSchemas(schemas: JsonObject, { document, sink }: LoweringScope): { [name: string]: JsonObject } {
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
