import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Checked } from "../ir/checked.ts";
import type { Capabilities } from "../target/capabilities.ts";
import { everyStep, shimCommands } from "../target/capabilities.ts";
import { checkCapabilities } from "../target/check-capabilities.ts";

/** What runs in this process today. */
const capabilities: Capabilities = { steps: everyStep, commands: shimCommands };

/** Reports what the local runner cannot run. */
export function localCapabilities(checked: Checked, sink: DiagnosticSink): void {
  checkCapabilities(checked, { name: "the local runner", capabilities }, sink);
}
