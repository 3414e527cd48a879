import type { FailureReason } from "../../protocol/event.ts";
import type { JsonArray, JsonObject } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { TaskSpec } from "../../protocol/step-spec.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import type { Variables } from "../../system/environment.ts";
import type { AttemptFiles } from "../given/scratch.ts";

/** A kind of command (`command_type`): how it is started and how it answers beside MAGNUS_OUTPUT_FILE. */
export interface TaskType {
  prepare(context: TaskContext): Promise<Prepared>;
}

export interface TaskContext {
  readonly task: TaskSpec;
  readonly visible: Parameters;
  /** The task's whole environment. */
  readonly env: Variables;
  readonly files: AttemptFiles;
  /** The task's working directory. */
  readonly cwd: string;
  readonly projectDir: string;
  readonly catalog: CatalogStore;
}

export type Prepared =
  | { readonly kind: "failure"; readonly failure: Failure }
  | {
      readonly kind: "command";
      readonly file: string;
      readonly args: readonly string[];
      /** Variables beside those of every task. */
      readonly env?: Variables;
      /** Read once, after the command has ended, however it ended. */
      answers(): Answers;
      /** Called once at the end of the attempt, whether the answers were read or not. */
      remove?(): void;
    };

export interface Failure {
  readonly reason: FailureReason;
  /** One line for people. */
  readonly message: string;
  /** The place in the task's own code, as its language prints it; several lines. */
  readonly traceback?: string;
}

/** What a task answered in its type's own ways; MAGNUS_OUTPUT_FILE is read for every type. */
export interface Answers {
  /** Published by the task itself, by name: a function's return value. */
  readonly returned?: Parameters;
  readonly metrics?: JsonObject;
  /** Values that only their language can read, as files. */
  readonly objects?: ReadonlyMap<string, string>;
  /** The environment in which it ended; absent: it could not be read. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Names in `returns` may be variables of that environment (shells). */
  readonly returnsAreVariables?: true;
  readonly failure?: Failure;
  /** An executed notebook in the working directory, to be stored whether the task failed or not. */
  readonly executed?: string;
}

/** The command of a type that has a text and no arguments. */
export function commandText({ task: { command } }: TaskContext): string {
  return typeof command === "string" ? command.trim() : command.join(" ");
}

export function returnsOf({ task }: TaskContext): JsonArray {
  return (task.returns ?? []).map(({ name, kind }) => ({ name, kind }));
}

/** Where modules are found: first the directory in which magnus was started. */
export function pathsOf({ cwd, projectDir }: TaskContext): readonly string[] {
  return projectDir === cwd ? [projectDir] : [projectDir, cwd];
}
