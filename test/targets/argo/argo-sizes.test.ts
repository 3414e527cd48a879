/** Argo keeps the manifest and the state of each node in one object of 1 MiB: what is compiled fits, or is refused. */
import { describe, expect, test } from "vitest";
import { readSpec } from "../../../src/protocol/spec-text.ts";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { simulateWorkflow, type WorkflowEnd } from "../../../src/simulate/argo/run/simulate-workflow.ts";
import { largePipelines, largePods } from "./argo-large-pipelines.ts";
import { compile, shell } from "./compile-argo.ts";

async function simulated(manifest: string): Promise<WorkflowEnd & { readonly started: readonly Pod[] }> {
  const { workflow, findings } = checkManifest(manifest);
  if (workflow === undefined) throw new Error(JSON.stringify(findings));
  const started: Pod[] = [];
  const ends = largePods();
  const startPod = (pod: Pod): Promise<PodEnd> => {
    started.push(pod);
    return ends(pod);
  };
  return { ...(await simulateWorkflow(workflow, { startPod })), started };
}

describe("fits, however often it runs", () => {
  test.for(Object.entries(largePipelines))("%s", async ([, text]) => {
    const { text: manifest, codes } = compile(text);
    expect(codes).toEqual([]);
    const { phase, message, hangs, started } = await simulated(manifest);
    expect({ phase, message, hangs }).toEqual({ phase: "Succeeded", message: "", hangs: [] });
    for (const { main } of started) {
      const { args = [] } = main;
      const at = args.indexOf("--names");
      readSpec(args[args.indexOf("--spec") + 1] ?? "", at < 0 ? {} : JSON.parse(args[at + 1] ?? ""));
    }
  });
});

describe("what cannot fit is refused, with what it would come to", () => {
  const steps = (count: number, command: string): string =>
    Array.from({ length: count }, (_, i) => shell(`s${i}`, command)).join("");

  test.for([
    [
      "scripts that are too long together",
      `dag:\n  steps:\n${steps(30, "x".repeat(40_000))}`,
      /1206 KiB of at most 1024/,
    ],
    [
      "a list of 20,000 items",
      `parameters: {items: ${JSON.stringify(Array.from({ length: 20_000 }, (_, i) => i))}}
dag: {steps: [{name: each, type: map, iterate_on: items, iterate_as: item, branch: {steps: [{name: a, type: stub}]}}]}`,
      /state of its 20001 nodes, .* about \d+ KiB of at most 1024/,
    ],
    [
      "a manifest that leaves no room for its nodes",
      `parameters: {done: false}
dag: {steps: [{name: again, type: loop, break_on: done, max_iterations: 80, branch: {steps: [
${steps(24, "x".repeat(41_000))
  .trimEnd()
  .replaceAll(/^ {4}- /gm, "    ")
  .split("\n")
  .join(",\n")}]}}]}`,
      /state of its \d+ nodes, .* of at most 1024/,
    ],
  ] as const)("%s", ([, text, message]) => {
    const { codes, messages } = compile(text);
    expect(codes).toEqual(["target-limit"]);
    expect(messages[0]).toMatch(message);
  });
});
