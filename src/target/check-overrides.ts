import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Checked } from "../ir/checked.ts";
import { walkNodes } from "../ir/walk.ts";

/** Reports every step that names a variation which the configuration of the target or executor in use does not have. */
export function checkOverrides(
  { pipeline, places }: Pick<Checked, "pipeline" | "places">,
  { name, variations }: { readonly name: string; readonly variations: readonly string[] },
  sink: DiagnosticSink,
): void {
  for (const node of walkNodes(pipeline.root)) {
    const { overrides } = node;
    const chosen = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    if (chosen === undefined || variations.includes(chosen)) continue;
    const span = places.of(node, "overrides");
    sink.report("unknown-override", { chosen, name, variations, suggestion: suggest(chosen, variations), span });
  }
}
