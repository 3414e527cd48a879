import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Checked } from "../ir/checked.ts";
import { walkNodes } from "../ir/walk.ts";

/** Reports every secret that a step names and would not get; `remedy` says what to configure, undefined where it would. */
export function checkSecrets(
  { pipeline, places }: Pick<Checked, "pipeline" | "places">,
  target: string,
  remedy: (name: string) => string | undefined,
  sink: DiagnosticSink,
): void {
  for (const node of walkNodes(pipeline.root)) {
    if (node.kind !== "task") continue;
    node.secrets.forEach((name, i) => {
      const hint = remedy(name);
      if (hint === undefined) return;
      sink.report("secret-without-source", { target, name, hint, span: places.of(node, "secrets", i) });
    });
  }
}
