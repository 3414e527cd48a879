import { writeFileSync } from "node:fs";
import type { CatalogFile } from "../../protocol/event.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import { withoutObjects } from "../../protocol/object-value.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { TaskSpec } from "../../protocol/step-spec.ts";
import type { Secrets } from "../../stores/contract/secrets.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { removeIfThere } from "../../system/atomic-file.ts";
import type { Variables } from "../../system/environment.ts";
import { causeOf, errorCode } from "../../system/error-code.ts";
import { getFiles } from "../files/catalog-step.ts";
import { leftBehind } from "../files/left-over.ts";
import { type AttemptFiles, newAttemptFiles } from "../given/scratch.ts";
import { leftOut, taskEnvironment } from "../given/task-environment.ts";
import { type Redactor, redactorOf } from "../masking/redactor.ts";
import { minSecretLength } from "../masking/secret-forms.ts";
import type { Failure, Prepared } from "../task-types/task-type.ts";
import { taskTypes } from "../task-types/task-types.ts";
import type { StepRun, StepServices } from "./step-run.ts";
import { noWorkspace, openWorkspace, type Workspace } from "./workspace.ts";

/** All that an attempt needs before its command starts. */
export interface Staged {
  readonly workspace: Workspace;
  readonly env: Variables;
  readonly redactor: Redactor;
  /** Files that were copied into place, those before a failure too. */
  readonly got: readonly CatalogFile[];
  readonly warnings: readonly string[];
  /** Present unless there is a failure. */
  readonly command?: StagedCommand;
  readonly failure?: Failure;
  /** Removes the temporary files and the workspace. */
  remove(): void;
}

export interface StagedCommand extends Extract<Prepared, { kind: "command" }> {
  /** Where the task may answer. */
  readonly outputFile: string;
}

/** Secrets, working directory, catalog files, parameters and the command, in this order; the first failure ends it. */
export async function stageAttempt(
  step: StepRun,
  task: TaskSpec,
  attempt: number,
  services: StepServices,
): Promise<Staged> {
  let files: AttemptFiles | undefined;
  const given = readSecrets(task.secrets ?? [], services.secrets);
  const redactor = redactorFor([...services.credentials, ...given.values.values()]);
  let workspace: Workspace = noWorkspace(services.projectDir);
  let got: readonly CatalogFile[] = [];
  let warnings = given.warnings;
  let env: Variables = {};
  const staged = (rest: { readonly failure: Failure } | { readonly command: StagedCommand }): Staged => ({
    workspace,
    env,
    redactor,
    got,
    warnings,
    ...rest,
    remove: () => {
      if ("command" in rest) rest.command.remove?.();
      if (files !== undefined) removeFiles(files);
      workspace.remove();
    },
  });

  if (given.failure !== undefined) return staged({ failure: given.failure });
  try {
    files = newAttemptFiles();
    workspace = openWorkspace(step, services);
    const patterns = task.catalog?.get ?? [];
    if (patterns.length > 0) {
      warnings = [...warnings, ...leftBehind(patterns, step.files, workspace, services.projectDir)];
      const transferred = await getFiles(patterns, step.files, workspace, services.catalog);
      got = transferred.files;
      workspace.gotten(got);
      warnings = [...warnings, ...transferred.warnings];
      if (transferred.failure !== undefined) return staged({ failure: transferred.failure });
    }
    writeFileSync(files.parameters, parametersText(step.visible));
    env = taskEnvironment({
      run: services.run,
      path: step.path,
      attempt,
      visible: step.visible,
      items: step.items,
      parametersFile: files.parameters,
      outputFile: files.output,
      cwd: workspace.cwd,
      secrets: given.values,
      env: task.env ?? {},
    });
    warnings = [...warnings, ...missedVariables(task, step.visible)];
    const { projectDir, catalog } = services;
    const context = { task, visible: step.visible, env, files, cwd: workspace.cwd, projectDir, catalog };
    const prepared = await taskTypes[task.type].prepare(context);
    if (prepared.kind === "failure") return staged({ failure: prepared.failure });
    const { path, round } = step;
    const tracked = await services.tracker?.begin({ path, attempt, round }, step.items, services.stop);
    env = { ...env, ...tracked, ...task.env, ...prepared.env, ...runLogVariable(task, services) };
    return staged({ command: { ...prepared, outputFile: files.output } });
  } catch (error) {
    // A full or read-only disk under the temporary files or the workspace.
    if (!(error instanceof StoreError) && errorCode(error) === undefined) throw error;
    return staged({ failure: { reason: "cannot-start", message: `cannot stage the step: ${causeOf(error)}` } });
  }
}

/** How the in-task API reads the run's log: MAGNUS_RUN_LOG, JSON {command, services}. */
function runLogVariable({ type }: TaskSpec, { runLogReader }: StepServices): Variables {
  const wanted = runLogReader !== undefined && type !== "container";
  return wanted ? { MAGNUS_RUN_LOG: printJson({ ...runLogReader }) } : {};
}

/** What a script reads as a variable although it is only in the parameters file. */
function missedVariables({ type, command, env = {} }: TaskSpec, visible: Parameters): readonly string[] {
  if (type !== "shell") return [];
  const script = String(command);
  return leftOut(visible)
    .filter((name) => !Object.hasOwn(env, name) && new RegExp(`\\$\\{?#?(?:MAGNUS_PRM_)?${name}\\b`).test(script))
    .map((name) => `$${name} is too large for a variable and not set: read it from $MAGNUS_PARAMETERS_FILE`);
}

interface GivenSecrets {
  readonly values: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  readonly failure?: Failure;
}

const noSecrets: GivenSecrets = { values: new Map(), warnings: [] };

function readSecrets(names: readonly string[], secrets: Secrets): GivenSecrets {
  if (names.length === 0) return noSecrets;
  const values = new Map<string, string>();
  const warnings: string[] = [];
  const failed = (message: string): GivenSecrets => ({
    values,
    warnings,
    failure: { reason: "missing-secret", message },
  });
  for (const name of names) {
    let value: string | undefined;
    try {
      value = secrets.get(name);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return failed(error.message);
    }
    if (value === undefined) return failed(`the secret "${name}" was not found in ${secrets.name}`);
    if (value.includes("\0"))
      return failed(`the secret "${name}" contains a NUL character, which a variable cannot hold`);
    if (value.length < minSecretLength) {
      warnings.push(`the secret "${name}" is shorter than ${minSecretLength} characters: it is not masked in logs`);
    }
    values.set(name, value);
  }
  return { values, warnings };
}

const redactors = new Map<string, Redactor>();

function redactorFor(secrets: readonly string[]): Redactor {
  const key = secrets.length === 0 ? "" : JSON.stringify(secrets);
  let redactor = redactors.get(key);
  if (redactor === undefined) {
    redactor = redactorOf(secrets);
    redactors.set(key, redactor);
  }
  return redactor;
}

const textOfParameters = new WeakMap<Parameters, string>();

/** JSON of all parameters that are plain JSON. Steps often see the very same ones: printed once. */
function parametersText(visible: Parameters): string {
  let text = textOfParameters.get(visible);
  if (text === undefined) {
    const entries = Object.entries(withoutObjects(visible)).map(
      ([name, value]) => `${printJson(name)}:${textOf(value)}`,
    );
    text = `{${entries.join(",")}}`;
    textOfParameters.set(visible, text);
  }
  return text;
}

const textOfValue = new WeakMap<object, string>();

/** The items of a map see the same long list beside an item of their own. */
function textOf(value: Json): string {
  if (typeof value !== "object" || value === null) return printJson(value);
  let text = textOfValue.get(value);
  if (text === undefined) textOfValue.set(value, (text = printJson(value)));
  return text;
}

function removeFiles({ parameters, result, output, script }: AttemptFiles): void {
  for (const file of [parameters, result, output, script]) removeIfThere(file);
}
