import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import { didYouMean, suggest } from "../../src/diagnostics/suggest.ts";
import { exitCode } from "../../src/protocol/exit-codes.ts";
import { checkManifest } from "../../src/simulate/argo/check/check-manifest.ts";
import { UnsupportedError } from "../../src/simulate/argo/expressions/tokenize-expression.ts";
import type { Pod, PodEnd } from "../../src/simulate/argo/pods/pod.ts";
import { runPod, type Surroundings } from "../../src/simulate/argo/pods/run-pod.ts";
import {
  type SimulatedNode,
  simulateWorkflow,
  type WorkflowEnd,
} from "../../src/simulate/argo/run/simulate-workflow.ts";
import type { Workflow } from "../../src/simulate/argo/workflow/workflow.ts";
import { measuredTime } from "../../src/system/duration.ts";
import { limit } from "../../src/system/limit.ts";
import { visible } from "../../src/system/visible.ts";
import { readPairs } from "../../src/target/read-pairs.ts";
import type { Given, Simulate, SimulationHost } from "../../src/target/simulator.ts";

/** Runs a manifest here as Argo Workflows would; pods are processes of this machine. */
export const simulate: Simulate = async ({ name, text }, options, host) => {
  const { workflow, findings } = checkManifest(text);
  const given = workflow === undefined ? undefined : readGiven(workflow, options);
  const problems = [
    ...findings.map(({ line, column, message }) => `${host.shownName(name)}:${line}:${column}: ${message}`),
    ...(given?.problems ?? []),
  ];
  for (const problem of problems) host.say(`magnus: ${visible(problem)}`);
  if (workflow === undefined || given === undefined || problems.length > 0) return exitCode.badInput;
  return run(workflow, given, options, host);
};

interface Read {
  readonly parameters: { readonly [name: string]: string };
  readonly secrets: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

function readGiven({ spec }: Workflow, options: Given): Read {
  const { volume = [] } = options.flags;
  const problems: string[] = [];
  const parameters = new Map(readPairs("--param", options.parameters, "NAME=VALUE", problems));
  const declared = new Set((spec.arguments?.parameters ?? []).map((each) => each.name));
  for (const key of parameters.keys())
    if (!declared.has(key)) {
      const hint = didYouMean(suggest(key, declared)) ?? `it has ${[...declared].join(", ") || "none"}`;
      problems.push(`--param ${key}: the workflow has no parameter of this name; ${hint}`);
    }
  for (const { name, value } of spec.arguments?.parameters ?? [])
    if (value === undefined && !parameters.has(name))
      problems.push(`the parameter ${name} has no value: add --param ${name}=VALUE`);
  const secrets = readPairs("--secret", options.secrets, "NAME/KEY=VALUE", problems);
  for (const name of secrets.keys())
    if (!name.includes("/")) problems.push(`--secret ${name}: write --secret SECRET/KEY=VALUE`);
  const volumes = readPairs("--volume", volume, "CLAIM=DIR", problems);
  const claims = claimsOf(spec);
  for (const claim of volumes.keys())
    if (claims !== undefined && !claims.has(claim))
      problems.push(
        `--volume ${claim}: the workflow does not mount this claim; it mounts ${[...claims].join(", ") || "none"}`,
      );
  return { parameters: Object.fromEntries(parameters), secrets, volumes, problems };
}

/** The claims that a workflow mounts; undefined where some are known only when it runs. */
function claimsOf({ volumes = [], volumeClaimTemplates = [], templates }: Workflow["spec"]): Set<string> | undefined {
  const all = [...volumes, ...templates.flatMap((template) => template.volumes ?? [])];
  const claims = all.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName]));
  const known = volumeClaimTemplates.length === 0 && !claims.some((claim) => claim.includes("{{"));
  return known ? new Set(claims) : undefined;
}

async function run(workflow: Workflow, given: Read, options: Given, host: SimulationHost): Promise<number> {
  const stop = host.stop();
  const atATime = limit(options.jobs ?? availableParallelism());
  const printed = new Map<string, string>();
  const surroundings: Surroundings = {
    claim: (claim) => path.resolve(given.volumes.get(claim) ?? path.join(".magnus/claims", claim)),
    secret: (name, key) => given.secrets.get(`${name}/${key}`),
    shim: host.shim,
    project: process.cwd(),
    output: ({ node }) => ({ write: (text) => void printed.set(node, tail((printed.get(node) ?? "") + text)) }),
  };
  const lines = progress(printed, host);
  const startPod = (pod: Pod): Promise<PodEnd> => atATime.run(() => runPod(pod, surroundings));
  try {
    const end = await simulateWorkflow(
      workflow,
      { startPod, observe: lines },
      { name: nameOf(workflow), parameters: given.parameters, signal: stop },
    );
    if (options.json) host.print(`${JSON.stringify(end)}\n`);
    printEnd(end, host);
    if (stop.aborted) return stop.reason === "SIGINT" ? 130 : 143;
    return end.phase === "Succeeded" && end.warnings.length === 0 ? exitCode.success : exitCode.failed;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    host.say(`magnus: an expression uses ${error.message}, which is not simulated`);
    return exitCode.badInput;
  }
}

/** As the API server completes a generateName; what is submitted from a template gets a name of its own each time. */
function nameOf({ kind, metadata: { name, generateName } }: Workflow): string {
  if (kind === "Workflow" && name !== undefined) return name;
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  const end = Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
  return `${generateName ?? `${name ?? "workflow"}-`}${end}`;
}

function tail(text: string): string {
  return text.slice(-8192);
}

/** A line for each transition of a pod, and for what failed without one. */
function progress(printed: ReadonlyMap<string, string>, { say, paint }: SimulationHost): (node: SimulatedNode) => void {
  const started = new Map<string, number>();
  return ({ name, type, phase, message }) => {
    const failed = phase === "Failed" || phase === "Error";
    if (type !== "Pod" && !(failed && message !== "" && type !== "Retry")) return;
    const shown = name.replace(/^\./, "");
    if (!failed && phase !== "Succeeded") {
      started.set(name, Date.now());
      say(`${visible(shown)}  ${paint("running", "started")}`);
      return;
    }
    const took = started.has(name) ? measuredTime(Date.now() - (started.get(name) ?? 0)) : "";
    const status = paint(failed ? "failed" : "success", phase);
    const parts = [visible(shown), status, took, visible(message)].filter((part) => part !== "");
    say(`${parts.join("  ")}`);
    const output = failed ? (printed.get(name) ?? "") : "";
    for (const line of output.split("\n").filter((line) => line !== "")) say(`  ${visible(line)}`);
  };
}

function printEnd(end: WorkflowEnd, { say, paint }: SimulationHost): void {
  const { phase, message, pods, hangs, warnings, nodes } = end;
  const lines = [
    ...hangs.map((why) => `hangs: ${why}`),
    ...warnings.map((warning) => `silent: ${warning}`),
    ...(phase === "Succeeded" ? [] : nodes)
      .filter(
        (node) =>
          (node.phase === "Failed" || node.phase === "Error") && (node.type === "Pod" || node.type === "Skipped"),
      )
      .map((node) => `failed: ${node.name.replace(/^\./, "")}  ${node.message}`),
  ];
  for (const line of lines) say(`${visible(line)}`);
  const shown = hangs.length > 0 ? "hung" : phase;
  const told = message === "" ? "" : `  ${visible(message)}`;
  const count = `${pods} ${pods === 1 ? "pod" : "pods"}`;
  say(`workflow  ${paint(shown === "Succeeded" ? "success" : "failed", shown)}  ${count}${told}`);
}
