import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { visible } from "../../system/visible.ts";
import { readSource } from "../input/source-files.ts";
import { reportDiagnostics } from "../output/report.ts";
import type { SimulateArgoOptions } from "./simulate-argo.ts";
import type { SimulateGithubOptions } from "./simulate-github-actions.ts";

export type SimulateOptions = SimulateArgoOptions & SimulateGithubOptions & { readonly target?: Platform };

export type Platform = "argo" | "github-actions";

/** `magnus simulate`: runs what a platform would be given as the platform would, its containers as processes here. */
export async function simulate(name: string, options: SimulateOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const source = readSource(name, sink);
  if (source === undefined) return reportDiagnostics(sink, { format: "pretty" }) ?? exitCode.badInput;
  if (/^dag:/m.test(source.text) && !/^(?:kind|jobs):/m.test(source.text)) {
    sink.report("simulates-a-pipeline", { name: source.name });
    return reportDiagnostics(sink, { format: "pretty" }) ?? exitCode.badInput;
  }
  const platform = options.target ?? platformOf(source.text);
  const others = optionsOfOthers(platform, options);
  for (const option of others) process.stderr.write(`magnus: ${option}\n`);
  if (others.length > 0) return exitCode.badInput;
  switch (platform) {
    case "argo":
      return (await import("./simulate-argo.ts")).simulateArgo(name, source.text, options);
    case "github-actions":
      return (await import("./simulate-github-actions.ts")).simulateGithubActions(name, options);
  }
}

/** What was said and would have no effect. */
function optionsOfOthers(platform: Platform, { fail, event, volume, secret = [] }: SimulateOptions): readonly string[] {
  if (platform === "github-actions") {
    const keyed = secret.filter((text) => /^[^=]*\//.test(text)).map((text) => text.replace(/=.*$/s, ""));
    return [
      ...(volume === undefined ? [] : ["--volume is for Argo's claims: a workflow of GitHub has none"]),
      ...keyed.map((name) => `--secret ${visible(name)}: a secret of GitHub is a NAME alone, without /KEY`),
    ];
  }
  return [
    ...(fail === undefined ? [] : ["--fail is for jobs of GitHub: a pod of Argo cannot be told to lose its node"]),
    ...(event === undefined
      ? []
      : ["--event is for workflows of GitHub: one of Argo is started by nothing but submitting"]),
  ];
}

/** A workflow of GitHub has jobs and no kind. */
function platformOf(text: string): Platform {
  return /^jobs:/m.test(text) && !/^kind:/m.test(text) ? "github-actions" : "argo";
}
