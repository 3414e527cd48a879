import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Pipeline } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";

/** Reports every step that names a variation which the configuration of the target or executor in use does not have. */
export function checkOverrides(
  pipeline: Pipeline,
  { name, variations }: { readonly name: string; readonly variations: readonly string[] },
  sink: DiagnosticSink,
): void {
  for (const { overrides, spans } of walkNodes(pipeline.root)) {
    const chosen = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    if (chosen === undefined || variations.includes(chosen)) continue;
    const span = spans.keys.get("overrides") ?? spans.name;
    sink.report("unknown-override", { chosen, name, variations, suggestion: suggest(chosen, variations), span });
  }
}
