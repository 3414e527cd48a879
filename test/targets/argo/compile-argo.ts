/** The target in process: a pipeline's text to the text of its manifest, and the codes of what was reported. */
import { loadTarget } from "../../../src/cli/input/load-target.ts";
import { compilePipeline } from "../../../src/compile.ts";
import { DiagnosticSink } from "../../../src/diagnostics/sink.ts";
import type { Target } from "../../../src/target/target.ts";
import { checkText } from "../../support/check-text.ts";

export const argo = await targetArgo();

export const usual = { image: "busybox", shim_image: "shim:1", storage: { claim: "runs" }, secret: "all" };

async function targetArgo(): Promise<Target> {
  const target = await loadTarget("argo");
  if (target === undefined) throw new Error("unknown target argo");
  return target;
}

/** The text is empty where something is wrong with the pipeline, which the codes say. */
export function compile(
  text: string,
  options: object = usual,
): {
  text: string;
  codes: readonly string[];
  messages: readonly string[];
} {
  const sink = new DiagnosticSink();
  const checked = checkText(text, {}, sink);
  const compilation = {
    target: argo,
    options: argo.options.parse(options),
    source: "pipeline.yaml",
    version: "0",
    services: {},
    render: () => "",
    program: () => "",
  };
  const files = checked === undefined ? undefined : compilePipeline({ ...checked, ...compilation }, sink);
  return {
    text: files?.[0]?.content ?? "",
    codes: sink.list().map(({ code }) => code),
    messages: sink.list().map(({ message }) => message),
  };
}

export const shell = (name: string, command: string, rest = ""): string =>
  `    - {name: ${name}, type: task, command_type: shell, command: ${JSON.stringify(command)}${rest}}\n`;
export const chain = (length: number): string =>
  `dag:\n  steps:\n${Array.from({ length }, (_, i) => shell(`s${i}`, "true")).join("")}`;
