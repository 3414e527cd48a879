import { readFileSync, rmSync } from "node:fs";
import type { DeclaredParameters } from "../protocol/declared-parameters.ts";
import { exitCode } from "../protocol/exit-codes.ts";
import { isObject, parseJson } from "../protocol/json.ts";
import { mergeParameters } from "../protocol/merge-parameters.ts";
import type { Parameters } from "../protocol/path.ts";
import { ServiceError } from "../protocol/services.ts";
import type { RunSpec } from "../protocol/step-spec.ts";
import { createRun } from "../run-log/record/create-run.ts";
import { newRunId } from "../run-log/record/run-id.ts";
import { openEventWriter } from "../run-log/record/write-events.ts";
import { openRunPlace, type RunPlace } from "../runtime/directory/run-directory.ts";
import { codeIdentity } from "../runtime/given/code-identity.ts";
import { ownerOf } from "../runtime/given/process-place.ts";
import { makeScratchFolder, sweepScratchFolders } from "../runtime/given/scratch.ts";
import { isRunId } from "../stores/contract/run-log-names.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { present } from "../system/present.ts";
import { readArguments, readServices, readText } from "./session.ts";
import { targetName } from "./target-name.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `begin`: creates the run of a compiled script with its initial parameters; prints the run's id and, where MAGNUS_OWNER
 * is the script's process, a folder for its temporary files. It removes what killed processes left of theirs.
 */
export async function beginRun(argv: readonly string[]): Promise<number> {
  try {
    return await begin(argv);
  } catch (error) {
    if (!(error instanceof ServiceError || error instanceof StoreError)) throw error;
    // Nothing has run yet, so this is bad input of the script and not a step's 74.
    throw new UsageError(error.message, exitCode.badInput);
  }
}

async function begin(argv: readonly string[]): Promise<number> {
  const split = argv.indexOf("--");
  const own = readArguments(split < 0 ? argv : argv.slice(0, split), {
    spec: { type: "string" },
    target: { type: "string" },
  });
  const script = Number(process.env.MAGNUS_OWNER ?? 0);
  const spec = readRunSpec(String(own.values.spec ?? ""));
  const user = readUserArguments(split < 0 ? [] : argv.slice(split + 1));
  const parameters = initialParameters(spec, user);
  const run = user.run ?? newRunId(new Date());
  if (!isRunId(run)) {
    throw new UsageError(
      `${JSON.stringify(run)} cannot be the id of a run: it must be a file's name`,
      exitCode.badInput,
    );
  }
  const services = readServices();
  sweepScratchFolders();
  const log = await services.runLogStore.create(run);
  if (log === null) throw new UsageError(`the run ${run} exists already; choose another --run-id`, exitCode.badInput);
  const tag = user.tag ?? process.env.MAGNUS_RUN_TAG;
  let folder: string | undefined;
  let place: RunPlace | undefined;
  try {
    place = openPlace(run, services.isolate);
    folder = script > 0 ? makeScratchFolder(script) : undefined;
    await createRun(openEventWriter(log), {
      pipeline: spec.pipeline,
      digest: spec.digest,
      parameters,
      target: targetName(own.values.target),
      ...(tag ? { tag } : {}),
      ...(script > 0 ? { owner: ownerOf(script) } : {}),
      code: codeIdentity(process.cwd()),
    });
  } catch (error) {
    // Nothing has run, so nothing of it is to stay.
    if (folder !== undefined) rmSync(folder, { recursive: true });
    await services.runLogStore.remove(run).catch(() => {});
    throw error;
  }
  const unproven = await services.runLogStore.unproven?.();
  if (unproven !== undefined) process.stderr.write(`magnus: warning: ${unproven}\n`);
  process.stdout.write(folder === undefined ? `${run}\n` : `${run}\n${folder}\n`);
  process.stderr.write(`magnus: run ${run}\n`);
  if (place?.notice !== undefined) process.stderr.write(`magnus: ${place.notice}\n`);
  return exitCode.success;
}

/** The script's process is the run's; one that does not tell it has been compiled before scripts did. */
function openPlace(run: string, isolate: "auto" | "always" | "never"): RunPlace | undefined {
  const pid = Number(process.env.MAGNUS_OWNER);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return openRunPlace(process.cwd(), run, isolate, { pid, within: process.env.MAGNUS_RUN_ID });
}

function initialParameters(spec: RunSpec, { file, params }: UserArguments): Parameters {
  const { parameters, errors, warnings } = mergeParameters({
    declared: declaredIn(spec),
    ...(file === undefined ? {} : { file: { name: file, text: readParameters(file) } }),
    environment: process.env,
    flags: params,
    text: spec.text ?? [],
  });
  for (const warning of warnings) process.stderr.write(`magnus-shim: warning: ${warning}\n`);
  if (errors.length > 0) throw new UsageError(errors.join("\nmagnus-shim: "), exitCode.badInput);
  return parameters;
}

/** What a run spec says of its parameters. */
export function declaredIn({ parameters, types = {}, names = [] }: RunSpec): DeclaredParameters {
  return { defaults: parameters, types, names };
}

function readRunSpec(text: string): RunSpec {
  const spec = parseJson(readText(text));
  if (!isObject(spec) || typeof spec.pipeline !== "string" || !isObject(spec.parameters)) {
    throw new UsageError("--spec is not a run spec");
  }
  return spec as unknown as RunSpec;
}

interface UserArguments {
  readonly params: readonly string[];
  readonly file?: string;
  readonly run?: string;
  readonly tag?: string;
}

function readUserArguments(argv: readonly string[]): UserArguments {
  try {
    const { values } = readArguments(argv, {
      param: { type: "string", multiple: true },
      "parameters-file": { type: "string", short: "p" },
      "run-id": { type: "string" },
      tag: { type: "string" },
    });
    const { param, "parameters-file": file, "run-id": run, tag } = values as Record<string, string & string[]>;
    return {
      params: param ?? [],
      ...present({ file, run, tag }),
    };
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${told}; --help lists the options`, exitCode.badInput);
  }
}

function readParameters(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`cannot read the parameters file ${file}`, exitCode.badInput);
  }
}
