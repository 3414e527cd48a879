/**
 * The simulator against the real controller: the recorded workflows with other outcomes. Both are given the same pods,
 * and every node has to end alike.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Pod, PodEnd } from "../../src/simulate/argo/pods/pod.ts";
import { simulateWorkflow } from "../../src/simulate/argo/run/simulate-workflow.ts";
import { workflowSchema } from "../../src/simulate/argo/workflow/workflow.ts";
import { diceOf } from "../run-log/replay/random-pipeline.ts";
import { recordedTraces } from "../simulate/argo/traces.ts";
import { type Controller, findController, startController } from "./controller.ts";
import type { EndedNode } from "./workflow-status.ts";

const found = findController();
const missing = "missing" in found;
const reason = missing ? ` (left out: ${found.missing})` : "";

let controller: Controller;
beforeAll(async () => {
  if (!missing) controller = await startController(found.program);
});
afterAll(async () => {
  if (!missing) await controller.stop();
});

/** How many variations of each trace; the first is `FIRST`. */
const variations = Number(process.env.VARIATIONS ?? 1);
const first = Number(process.env.FIRST ?? 0);
/** Long ones, which show nothing more here. */
const traces = recordedTraces().filter(({ scenario }) => !/^(ix_loop\d\d|y_wide|viii_big)/.test(scenario));

describe(`other outcomes of recorded workflows${reason}`, () => {
  const all = traces.flatMap(({ scenario, workflow }) =>
    Array.from({ length: variations }, (_, i) => ({ scenario, workflow, seed: first + i })),
  );
  // Again, because a busy machine shows the controller a pod's failure before what the pod reported.
  test.skipIf(missing).for(all)(
    "$scenario $seed",
    { concurrent: true, retry: 2 },
    async ({ scenario, workflow, seed }) => {
      const name = `${scenario.replaceAll("_", "-")}-${seed}`;
      const args = { real: new Map<string, unknown>(), simulated: new Map<string, unknown>() };
      const host =
        (seen: Map<string, unknown>) =>
        async (pod: Pod): Promise<PodEnd> => {
          seen.set(pod.node, pod.main.args ?? []);
          return outcomeOf(pod, `${seed} ${scenario}`);
        };
      const real = await controller.runInController(parse(workflow), { name, host: host(args.real) });
      const simulated = await simulateWorkflow(
        workflowSchema.parse(parse(workflow)),
        { startPod: host(args.simulated) },
        { name },
      );
      const told = real.nodes.map((node) => `${node.name} ${node.phase} ${node.message ?? ""}`).join("\n");
      expect(
        { nodes: plain(simulated.nodes), phase: merged(simulated.phase), hung: simulated.hangs.length > 0 },
        told,
      ).toEqual({ nodes: plain(real.nodes), phase: merged(real.phase), hung: real.hung });
      expect(Object.fromEntries(args.simulated), told).toEqual(Object.fromEntries(args.real));
    },
  );
});

/** What steps say: lists, booleans, texts that hurt. */
const values = [
  "null",
  "true",
  "false",
  "0",
  "3",
  "[]",
  "[1,2]",
  '["a","b"]',
  '[{"i":0,"v":"x"},{"i":1,"v":[1,null]}]',
  '{"ok":true,"i":1}',
  '"true"',
  '"q\\"uo"',
  "plain",
  "a b",
  "a-b",
  "{{workflow.name}}",
  "x {{nope}}",
  "{{item}}",
  "é < > & \u{1f600}",
  "line\nbreak",
  "1.50",
  "",
];

/** The same for both, whatever the order of the pods. */
function outcomeOf({ node, outputs }: Pod, seed: string): PodEnd {
  const dice = diceOf(hash(`${seed} ${node}`));
  const kind = dice.roll();
  const given = outputs.flatMap(({ name }) => (dice.roll() < 0.7 ? [[name, dice.pick(values)]] : []));
  const end = { exit: kind < 0.3 ? 1 : 0, outputs: Object.fromEntries(given) };
  if (kind < 0.05) return { ...end, evicted: true };
  if (kind < 0.1) return { ...end, report: false };
  return kind > 0.95 ? { ...end, waitExit: 64 } : end;
}

function hash(text: string): number {
  let sum = 7;
  for (const character of text) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return Math.abs(sum);
}

/**
 * Without messages, which are the controller's own words. Whether a dag is Failed or Error where both led to its end is a
 * matter of chance in Argo itself.
 */
function plain(nodes: readonly Pick<EndedNode, "name" | "type" | "phase" | "inputs" | "outputs">[]): object {
  const shown = nodes.map(({ name, type, phase, inputs, outputs }) => ({
    name,
    type,
    phase: type === "Pod" ? phase : merged(phase),
    inputs,
    outputs,
  }));
  return Object.fromEntries(shown.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, ...node }) => [name, node]));
}

function merged(phase: string): string {
  return phase === "Error" ? "Failed" : phase;
}
