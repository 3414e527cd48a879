/**
 * Phase: a step of a compiled workflow on GitHub's runner, as the local action `.github/magnus`. In: inputs, the plan
 * beside this file, chunks of the run log that were downloaded. Out: what the shim does, and what GitHub has its own ways
 * for: outputs, annotations, the summary. See targets/github-actions/README.md.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { isObject, type JsonObject, parseJson, printJson } from "../protocol/json.ts";
import { giveVerdict } from "../shim/give-verdict.ts";
import { showRun } from "../shim/show-run.ts";
import { tellFailure } from "../shim/tell-failure.ts";
import { UsageError } from "../shim/usage-error.ts";
import { annotate, withoutCommands } from "./commands.ts";
import { linkRun } from "./link-run.ts";
import { runLeafHere } from "./run-leaf-here.ts";
import { tellVerdict } from "./tell-verdict.ts";

/** `INPUT_…`, as the runner hands over the action's inputs. */
interface Inputs {
  readonly plan: string;
  readonly verb: string;
  readonly step: string;
  readonly at: string;
  readonly call: string;
  readonly cancelled: string;
}

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  // A task asks for the log of its run.
  if (verb === "show") return showRun(rest);
  const inputs = takeInputs();
  const plan = readPlan(inputs.plan);
  const { pipeline, services } = plan;
  process.env.MAGNUS_RUN_ID = runId(typeof pipeline === "string" ? pipeline : inputs.plan, inputs.call);
  process.env.MAGNUS_TARGET = "github-actions";
  if (services !== undefined) process.env.MAGNUS_SERVICES = printJson(services);
  if (inputs.verb === "verdict") return verdict(plan, inputs.cancelled === "true");
  const { steps = null, many = [] } = plan;
  const spec = isObject(steps) ? steps[inputs.step] : undefined;
  if (spec === undefined)
    throw new UsageError(`the plan of ${inputs.plan} has no step "${inputs.step}": compile again`);
  return runLeafHere(spec, inputs.at, Array.isArray(many) && many.includes(inputs.step));
}

async function verdict({ verdict: spec = { path: [] } }: JsonObject, cancelled: boolean): Promise<number> {
  process.on("SIGTERM", () => {});
  process.on("SIGINT", () => {});
  await linkRun();
  const code = await withoutCommands(() =>
    giveVerdict(["--spec", printJson(spec), ...(cancelled ? ["--cancelled"] : [])]),
  );
  await tellVerdict(code);
  // The platform says itself that a run was cancelled.
  return cancelled ? exitCode.success : code;
}

function takeInputs(): Inputs {
  const take = (name: string): string => process.env[`INPUT_${name.toUpperCase()}`] ?? "";
  return {
    plan: take("plan"),
    verb: take("verb"),
    step: take("step"),
    at: take("at"),
    call: take("call"),
    cancelled: take("cancelled"),
  };
}

function readPlan(name: string): JsonObject {
  const file = path.join(path.dirname(process.argv[1] ?? ""), `${name}.plan.json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`there is no plan ${name}.plan.json beside the action: compile again and commit it`);
  }
  const plan = parseJson(text);
  if (!isObject(plan)) throw new UsageError(`${name}.plan.json is not a plan: compile again`);
  return plan;
}

/** Two calls of one workflow share GitHub's id of the run, which all attempts have. */
function runId(pipeline: string, call: string): string {
  const parts = ["gha", process.env.GITHUB_RUN_ID ?? "0", pipeline, ...(call === "" ? [] : [call])];
  return parts
    .join("-")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 100);
}

/** In the log of the step, and where people look first. With arguments it was a task that asked. */
function fail(error: unknown): void {
  if (process.argv.length <= 2) annotate("magnus", error instanceof Error ? error.message : String(error));
  tellFailure(error);
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit();
});
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, fail);
