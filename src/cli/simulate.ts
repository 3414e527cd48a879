import { DiagnosticSink } from "../diagnostics/sink.ts";
import { exitCode } from "../protocol/exit-codes.ts";
import { reportDiagnostics } from "./report.ts";
import type { SimulateArgoOptions } from "./simulate-argo.ts";
import type { SimulateGithubOptions } from "./simulate-github-actions.ts";
import { readSource } from "./source-files.ts";

export type SimulateOptions = SimulateArgoOptions & SimulateGithubOptions & { readonly target?: Platform };

export type Platform = "argo" | "github-actions";

/** `magnus simulate`: runs what a platform would be given as the platform would, its containers as processes here. */
export async function simulate(name: string, options: SimulateOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const source = readSource(name, sink);
  if (source === undefined) return reportDiagnostics(sink, { format: "pretty" }) ?? exitCode.badInput;
  switch (options.target ?? platformOf(source.text)) {
    case "argo":
      return (await import("./simulate-argo.ts")).simulateArgo(name, source.text, options);
    case "github-actions":
      return (await import("./simulate-github-actions.ts")).simulateGithubActions(name, options);
  }
}

/** A workflow of GitHub has jobs and no kind. */
function platformOf(text: string): Platform {
  return /^jobs:/m.test(text) && !/^kind:/m.test(text) ? "github-actions" : "argo";
}
