import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Event } from "../protocol/event.ts";
import { exitCode } from "../protocol/exit-codes.ts";
import { isArray, isNumber, isObject, type Json, type JsonObject, parseJson, printJson } from "../protocol/json.ts";
import { displayPath, type Path, pathKey } from "../protocol/path.ts";
import { serviceDefaults } from "../protocol/services.ts";
import { readSpec } from "../protocol/spec-text.ts";
import type { At, RunSpec } from "../protocol/step-spec.ts";
import { lastLines } from "../run-log/record/log-lines.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import { readItems } from "../run-log/replay/replay-control.ts";
import { foldRun } from "../run-log/views/fold.ts";
import type { AttemptView, StepView } from "../run-log/views/view.ts";
import { scratchFolder } from "../runtime/given/scratch.ts";
import { runLeaf } from "../shim/run-leaf.ts";
import { openSession } from "../shim/session.ts";
import { readAt, stepPlace } from "../shim/step-place.ts";
import { UsageError } from "../shim/usage-error.ts";
import type { RunLog } from "../stores/contract/run-log-store.ts";
import { present } from "../system/present.ts";
import { annotate, mask, setOutput, withoutCommands } from "./commands.ts";

/** https://docs.github.com/actions/reference/limits: legs of a matrix. */
const mostLegs = 256;

/** Runs a step or gather as the shim does; `many`: its map runs in batches. */
export async function runLeafHere(spec: Json, at: string, many: boolean): Promise<number> {
  const step = readSpec(printJson(spec));
  const secrets = (step.task?.secrets ?? []).flatMap((name) => process.env[name] ?? []).filter((value) => value !== "");
  for (const secret of secrets) mask(secret);
  const params = takeParameters(step.run);
  hideFromTask();
  const log = openSession().services.runLogStore.open(process.env.MAGNUS_RUN_ID ?? "");
  forgetLogs();
  const place =
    at === "" ? [] : withKeys(stepPlace(step, readAt(`[${at.split(".").join(",")}]`)), await readEvents(log));
  const known = new Set(blobs());
  const controlFile = path.join(scratchFolder(), "control");
  process.env.MAGNUS_CONTROL_FILE = controlFile;
  const code = await withoutCommands(() =>
    runLeaf(
      [
        ...["--spec", printJson(spec), "--at", printJson(place.map((item) => ({ ...item })))],
        ...params.flatMap((param) => ["--param-base64", encoded(param)]),
      ],
      [process.execPath, process.argv[1] ?? "", "show", process.cwd()],
    ),
  );
  // What was there before has an artifact already.
  for (const file of blobs()) if (known.has(file)) rmSync(file, { force: true });
  if (code !== exitCode.success) {
    await explain(stepPlace(step, place), log, code);
    return code;
  }
  const control = existsSync(controlFile) ? readFileSync(controlFile, "utf8").trim() : undefined;
  return control === undefined ? code : giveControl(control, displayPath(step.path), secrets, many);
}

/**
 * Inputs of the run, which only its first step looks at. Empty: not given, by a schedule or a caller. Who fills in the form
 * (or calls GitHub's API) gets the defaults where nothing is said, so that there an empty text was meant.
 */
function takeParameters(run: RunSpec | undefined): readonly string[] {
  const all = process.env.MAGNUS_PARAMETERS ?? "";
  delete process.env.MAGNUS_PARAMETERS;
  const cleared = new Set((process.env.MAGNUS_FORM ?? "").split(" "));
  delete process.env.MAGNUS_FORM;
  const single = Object.entries(process.env).flatMap(([name, text = ""]) => {
    if (!name.startsWith("MAGNUS_PRM_")) return [];
    delete process.env[name];
    const parameter = name.slice("MAGNUS_PRM_".length);
    if (text === "" && cleared.has(parameter)) return [clearedParameter(parameter, run)];
    return text === "" || isSameNumber(text, run?.parameters[parameter]) ? [] : [`${parameter}=${text}`];
  });
  const isText = new Set(run?.text);
  const given = Object.entries(all === "" ? {} : readObject(all)).map(
    ([name, value]) => `${name}=${typeof value === "string" && isText.has(name) ? value : printJson(value)}`,
  );
  return [...single, ...given];
}

/** A text may be empty; nothing else can. */
function clearedParameter(name: string, run: RunSpec | undefined): string {
  if (run?.text?.includes(name)) return `${name}=`;
  const usual = printJson(run?.parameters[name] ?? null);
  throw new UsageError(`the input ${name} is empty: give it a value such as ${usual}`, exitCode.badInput);
}

function readObject(text: string): JsonObject {
  try {
    const value = parseJson(text);
    if (isObject(value)) return value;
  } catch {
    // It is told below.
  }
  throw new UsageError(
    'the input `parameters` is not a JSON object: write one such as {"rate": 0.5}',
    exitCode.badInput,
  );
}

/** As the shim takes it, whatever is in the text. */
function encoded(param: string): string {
  const at = param.indexOf("=") + 1;
  return `${param.slice(0, at)}${Buffer.from(param.slice(at)).toString("base64")}`;
}

/** An input of type number comes back in GitHub's spelling of it, such as 1E-05. */
function isSameNumber(text: string, usual: Json | undefined): boolean {
  return usual !== undefined && isNumber(usual) && Number(text) === Number(usual);
}

/**
 * What a `run` step would not have either, or what would let a task change later steps: the runner's own token, and the
 * files by which steps set outputs and environment.
 */
function hideFromTask(): void {
  const hidden = /^(INPUT_.*|ACTIONS_RUNTIME_.*|ACTIONS_RESULTS_URL|ACTIONS_CACHE_URL|GITHUB_(OUTPUT|STATE|ENV|PATH))$/;
  for (const name of Object.keys(process.env)) if (hidden.test(name)) delete process.env[name];
}

/** Items by the keys that the log has for them. */
function withKeys(place: Path, events: readonly Event[]): At {
  return place.flatMap((element, i): At => {
    if (element.index === undefined) return [];
    const key = element.kind === "map" ? keyOf([...place.slice(0, i), element], events) : undefined;
    return [{ i: element.index, ...present({ k: key }) }];
  });
}

function keyOf(path: Path, events: readonly Event[]): string | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const { index, ...map } = last;
  const wanted = pathKey([...path.slice(0, -1), map]);
  const control = events.findLast((event) => event.kind === "control" && pathKey(event.path) === wanted);
  if (control?.kind !== "control") return undefined;
  return readItems(control.data.value)?.find((item) => item.index === index)?.key;
}

/** Logs of earlier steps, which their own chunks hold. */
function forgetLogs(): void {
  const folder = path.join(serviceDefaults.runLogFolder, process.env.MAGNUS_RUN_ID ?? "", "logs");
  rmSync(folder, { recursive: true, force: true });
}

function blobs(): readonly string[] {
  const folder = path.join(serviceDefaults.catalogFolder, "blobs");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Where the step failed and the end of what it printed, as an annotation. */
async function explain(place: Path, log: RunLog, code: number): Promise<void> {
  const attempt = lastAttempt(foldRun(await readEvents(log)).steps, pathKey(place));
  const why = attempt?.message ?? attempt?.reason ?? `exit code ${code}`;
  const stored = attempt?.log === undefined ? null : await log.get(attempt.log.key);
  const tail = stored === null ? [] : lastLines(stored, 20);
  annotate(displayPath(place), [why, ...tail].join("\n"));
}

function lastAttempt(steps: readonly StepView[], key: string): AttemptView | undefined {
  for (const step of steps) {
    if (pathKey(step.path) === key) return step.attempts.at(-1);
    const inner = step.graphs.flatMap((graph) => lastAttempt(graph.steps, key) ?? []);
    if (inner[0] !== undefined) return inner[0];
  }
  return undefined;
}

function giveControl(control: string, step: string, secrets: readonly string[], many: boolean): number {
  const spoiling = secrets
    .flatMap((secret) => secret.split(/\r?\n/))
    .find((line) => line !== "" && control.includes(line));
  if (spoiling !== undefined) {
    annotate(step, "the next step cannot be chosen: the value contains a secret, and GitHub drops such outputs");
    return exitCode.failed;
  }
  const items = control.startsWith("[") ? parseJson(control) : [];
  const list = isArray(items) ? items : [];
  if (list.length > mostLegs && !many) {
    const remedy = "name the map under targets.github-actions.many_items and compile again";
    annotate(step, `the list has ${list.length} items, but a matrix can have at most ${mostLegs}: ${remedy}`);
    return exitCode.failed;
  }
  setOutput("control", control);
  if (many) setOutput("batches", printJson(batchesOf(list)));
  return exitCode.success;
}

function batchesOf(list: readonly Json[]): readonly Json[] {
  const count = Math.ceil(list.length / mostLegs);
  return Array.from({ length: count }, (_, i) => list.slice(i * mostLegs, (i + 1) * mostLegs));
}
