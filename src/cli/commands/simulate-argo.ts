import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import { didYouMean, suggest } from "../../diagnostics/suggest.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { checkManifest } from "../../simulate/argo/check/check-manifest.ts";
import { UnsupportedError } from "../../simulate/argo/expressions/tokenize-expression.ts";
import type { Pod, PodEnd } from "../../simulate/argo/pods/pod.ts";
import { runPod, type Surroundings } from "../../simulate/argo/pods/run-pod.ts";
import { type SimulatedNode, simulateWorkflow, type WorkflowEnd } from "../../simulate/argo/run/simulate-workflow.ts";
import type { Workflow } from "../../simulate/argo/workflow/workflow.ts";
import { measuredTime } from "../../system/duration.ts";
import { limit } from "../../system/limit.ts";
import { packageRoot } from "../../system/package-root.ts";
import { stopSignals } from "../../system/stop-signals.ts";
import { visible } from "../../system/visible.ts";
import { readPairs } from "../input/read-pairs.ts";
import { shownName } from "../input/source-files.ts";
import { painter } from "../output/terminal.ts";

export interface SimulateArgoOptions {
  readonly param?: readonly string[];
  /** The same as `param`, in GitHub's word. */
  readonly input?: readonly string[];
  readonly secret?: readonly string[];
  readonly volume?: readonly string[];
  readonly jobs?: number;
  readonly json?: boolean;
}

/** Runs a manifest here as Argo Workflows would; pods are processes of this machine. */
export async function simulateArgo(name: string, text: string, options: SimulateArgoOptions): Promise<number> {
  const { workflow, findings } = checkManifest(text);
  const given = workflow === undefined ? undefined : readGiven(workflow, options);
  const problems = [
    ...findings.map(({ line, column, message }) => `${shownName(name)}:${line}:${column}: ${message}`),
    ...(given?.problems ?? []),
  ];
  for (const problem of problems) process.stderr.write(`magnus: ${visible(problem)}\n`);
  if (workflow === undefined || given === undefined || problems.length > 0) return exitCode.badInput;
  return run(workflow, given, options);
}

interface Given {
  readonly parameters: { readonly [name: string]: string };
  readonly secrets: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

function readGiven({ spec }: Workflow, options: SimulateArgoOptions): Given {
  const { param = [], input = [], secret = [], volume = [] } = options;
  const problems: string[] = [];
  const parameters = new Map([
    ...readPairs("--param", param, "NAME=VALUE", problems),
    ...readPairs("--input", input, "NAME=VALUE", problems),
  ]);
  const declared = new Set((spec.arguments?.parameters ?? []).map((each) => each.name));
  for (const key of parameters.keys())
    if (!declared.has(key)) {
      const hint = didYouMean(suggest(key, declared)) ?? `it has ${[...declared].join(", ") || "none"}`;
      problems.push(`--param ${key}: the workflow has no parameter of this name; ${hint}`);
    }
  for (const { name, value } of spec.arguments?.parameters ?? [])
    if (value === undefined && !parameters.has(name))
      problems.push(`the parameter ${name} has no value: add --param ${name}=VALUE`);
  const secrets = readPairs("--secret", secret, "NAME/KEY=VALUE", problems);
  for (const name of secrets.keys())
    if (!name.includes("/")) problems.push(`--secret ${name}: write --secret SECRET/KEY=VALUE`);
  const volumes = readPairs("--volume", volume, "CLAIM=DIR", problems);
  const claims = claimsOf(spec);
  for (const claim of volumes.keys())
    if (claims !== undefined && !claims.has(claim))
      problems.push(
        `--volume ${claim}: the workflow mounts no such claim; it mounts ${[...claims].join(", ") || "none"}`,
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

async function run(workflow: Workflow, given: Given, options: SimulateArgoOptions): Promise<number> {
  const { stop } = stopSignals();
  const atATime = limit(options.jobs ?? availableParallelism());
  const printed = new Map<string, string>();
  const surroundings: Surroundings = {
    claim: (claim) => path.resolve(given.volumes.get(claim) ?? path.join(".magnus/claims", claim)),
    secret: (name, key) => given.secrets.get(`${name}/${key}`),
    shim: path.join(packageRoot, "dist/start.cjs"),
    project: process.cwd(),
    output: ({ node }) => ({ write: (text) => void printed.set(node, tail((printed.get(node) ?? "") + text)) }),
  };
  const lines = progress(printed);
  const startPod = (pod: Pod): Promise<PodEnd> => atATime.run(() => runPod(pod, surroundings));
  try {
    const end = await simulateWorkflow(
      workflow,
      { startPod, observe: lines },
      { name: nameOf(workflow), parameters: given.parameters, signal: stop },
    );
    if (options.json) process.stdout.write(`${JSON.stringify(end)}\n`);
    printEnd(end);
    if (stop.aborted) return stop.reason === "SIGINT" ? 130 : 143;
    return end.phase === "Succeeded" && end.warnings.length === 0 ? exitCode.success : exitCode.failed;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    process.stderr.write(`magnus: an expression has ${error.message}, which is not simulated\n`);
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
function progress(printed: ReadonlyMap<string, string>): (node: SimulatedNode) => void {
  const paint = painter(process.stderr);
  const started = new Map<string, number>();
  return ({ name, type, phase, message }) => {
    const failed = phase === "Failed" || phase === "Error";
    if (type !== "Pod" && !(failed && message !== "" && type !== "Retry")) return;
    const shown = name.replace(/^\./, "");
    if (!failed && phase !== "Succeeded") {
      started.set(name, Date.now());
      process.stderr.write(`${visible(shown)}  ${paint("running", "started")}\n`);
      return;
    }
    const took = started.has(name) ? measuredTime(Date.now() - (started.get(name) ?? 0)) : "";
    const status = paint(failed ? "failed" : "success", phase);
    const parts = [visible(shown), status, took, visible(message)].filter((part) => part !== "");
    process.stderr.write(`${parts.join("  ")}\n`);
    const output = failed ? (printed.get(name) ?? "") : "";
    for (const line of output.split("\n").filter((line) => line !== "")) process.stderr.write(`  ${visible(line)}\n`);
  };
}

function printEnd({ phase, message, pods, hangs, warnings, nodes }: WorkflowEnd): void {
  const paint = painter(process.stderr);
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
  for (const line of lines) process.stderr.write(`${visible(line)}\n`);
  const shown = hangs.length > 0 ? "hung" : phase;
  const told = message === "" ? "" : `  ${visible(message)}`;
  const count = `${pods} ${pods === 1 ? "pod" : "pods"}`;
  process.stderr.write(`workflow  ${paint(shown === "Succeeded" ? "success" : "failed", shown)}  ${count}${told}\n`);
}
