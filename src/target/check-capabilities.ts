import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Checked } from "../ir/checked.ts";
import { walkNodes } from "../ir/walk.ts";
import type { Capabilities } from "./capabilities.ts";

/** Reports every step that a back end (or the local runner) cannot run. */
export function checkCapabilities(
  { pipeline, places }: Pick<Checked, "pipeline" | "places">,
  { name, capabilities }: { readonly name: string; readonly capabilities: Capabilities },
  sink: DiagnosticSink,
): void {
  const { steps, commands, iterations = Number.POSITIVE_INFINITY } = capabilities;
  for (const node of walkNodes(pipeline.root)) {
    if (!steps.includes(node.kind)) {
      const able = `it runs steps of type ${steps.join(", ")}`;
      sink.report("cannot-run-here", {
        what: `a ${node.kind}`,
        where: name,
        able,
        span: places.of(node, "type"),
      });
    }
    if (node.kind === "loop" && node.maxIterations > iterations) {
      const able = `it runs loops of at most ${iterations}: lower \`max_iterations\``;
      const span = places.of(node, "max_iterations");
      sink.report("cannot-run-here", { what: `a loop of ${node.maxIterations} iterations`, where: name, able, span });
    }
    if (node.kind === "task" && !commands.includes(node.commandType)) {
      const able = `it runs commands of type ${commands.join(", ")}`;
      const span = places.of(node, "command_type");
      sink.report("cannot-run-here", { what: `a command of type ${node.commandType}`, where: name, able, span });
    }
  }
}
