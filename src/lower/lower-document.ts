import type { Graph } from "../ir/pipeline.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { documentShape } from "../schema/document.ts";
import { readShape } from "../schema/read-shape.ts";
import type { ShapeOf } from "../schema/shape.ts";
import type { Span } from "../source/source-file.ts";
import { lowerDefaults } from "./lower-defaults.ts";
import type { LoweringScope } from "./lowering-scope.ts";

export interface DocumentParts {
  readonly fields: ShapeOf<typeof documentShape>;
  readonly container: JsonObject;
  readonly root: Graph;
}

/** A document's own keys and its graph; undefined, and reported, where it is no pipeline at all. */
export function lowerDocument(what: string, scope: LoweringScope): DocumentParts | undefined {
  const { document, sink, shared } = scope;
  const container = document.value;
  if (container === null) {
    sink.report("empty-document", { span: document.rootSpan });
    return undefined;
  }
  if (!isObject(container)) {
    const expected = "a mapping with the key `dag`";
    sink.report("wrong-type", {
      label: "the document",
      expected,
      got: describeJson(container),
      remedy: undefined,
      span: document.rootSpan,
    });
    return undefined;
  }
  const fields = readFields(container, scope);
  const defaults = fields.defaults
    ? lowerDefaults(fields.defaults, spanOf(container, "defaults", scope), scope)
    : scope.defaults;
  if (fields.dag === undefined) return undefined;
  const span = document.keySpan(container, "dag") ?? document.rootSpan;
  return {
    fields,
    container,
    root: shared.lowerGraph(
      fields.dag,
      { what, span, valueSpan: document.valueSpan(container, "dag") },
      { ...scope, defaults },
    ),
  };
}

/** The graph of a file that a step includes. Its parameters are not the run's: only the root's are. */
export function lowerIncluded(
  document: LoweringScope["document"],
  span: Span | undefined,
  scope: LoweringScope,
): Graph | undefined {
  const parts = lowerDocument(document.file.name, scope);
  if (parts === undefined) return undefined;
  const root = scope.trail[0]?.file ?? "";
  for (const key of ["parameters", "parameter_schema"] as const) {
    const value = parts.fields[key];
    if (!value || Object.keys(value).length === 0) continue;
    scope.sink.report("ignored-key", {
      label: `"${key}"`,
      why: `${document.file.name} is included here, and parameters are those of the document that is run`,
      instead: `move them to ${root}`,
      span: document.keySpan(parts.container, key),
      related: [{ message: "included here", span }],
    });
  }
  return parts.root;
}

/** A graph at the top, where `dag:` was forgotten, is told as that alone. */
function readFields(container: JsonObject, { document, sink }: LoweringScope): ShapeOf<typeof documentShape> {
  const bare = document.keySpan(container, "steps") ?? document.keySpan(container, "start_at");
  return readShape(documentShape, container, {
    document,
    sink,
    what: "the document",
    span: bare ?? (document.rootSpan && { ...document.rootSpan, end: document.rootSpan.start + 1 }),
    allows: (key) =>
      key.startsWith("x-") ||
      document.isAnchored(container, key) ||
      ((key === "start_at" || key === "steps") && !Object.hasOwn(container, "dag")),
    remark: (key) => (key === "start_at" || key === "steps" ? "it belongs below `dag:`" : undefined),
  });
}

function spanOf(container: JsonObject, key: string, { document }: LoweringScope): Span | undefined {
  return document.valueSpan(container, key) ?? document.rootSpan;
}
