import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { declaredParameters } from "../ir/declared-parameters.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import { type DeclaredParameters, nameFinding, typeHint, valueFinding } from "../protocol/declared-parameters.ts";
import { describeJson } from "../protocol/describe-json.ts";
import type { Given } from "./given.ts";

/** Reports what is given to no declared parameter, and what is of another type than its default. */
export function checkGiven(pipeline: Pipeline, given: readonly Given[], sink: DiagnosticSink): void {
  const declared = declaredParameters(pipeline);
  // What a file says first, a flag may say again.
  const inFile = given.flatMap(({ name, origin }) => (origin.locate === undefined ? [] : [name]));
  for (const value of given) {
    checkName(value, declared, value.origin.locate === undefined ? inFile : [], sink);
    checkType(value, declared, sink);
  }
}

function checkName(
  { name, origin }: Given,
  declared: DeclaredParameters,
  more: readonly string[],
  sink: DiagnosticSink,
) {
  const finding = origin.handedOn ? undefined : nameFinding(declared, name, more);
  const place = { from: origin.from, name, span: origin.locate?.([name], "key") };
  if (finding?.kind === "misspelt") sink.report("misspelt-parameter", { ...place, near: finding.near });
  if (finding?.kind !== "undeclared") return;
  // A parameter may have both a default and a schema.
  const known = [...new Set([...Object.keys(declared.defaults), ...Object.keys(declared.types)])];
  sink.report("undeclared-parameter", {
    ...place,
    known,
    suggestion: name.length < 3 ? undefined : suggest(name, known),
  });
}

function checkType({ name, value, origin }: Given, declared: DeclaredParameters, sink: DiagnosticSink): void {
  const finding = valueFinding(declared, name, value);
  const place = { from: origin.from, name, span: origin.locate?.([name], "value") };
  // A schema is checked as a whole elsewhere.
  if ((declared.types[name]?.length ?? 0) > 0) return;
  const isText = typeof declared.defaults[name] === "string";
  if (isText && typeof value !== "string" && value !== null) {
    sink.report("parameter-not-text", { ...place, got: describeJson(value) });
  }
  if (finding?.kind !== "type" || finding.expected === undefined) return;
  const { problem, expected } = finding;
  sink.report("parameter-of-other-type", { ...place, problem, expected, hint: typeHint(name, expected) });
}
