import type { Value } from "../expressions/expression-data.ts";
import type { SimulationEvent } from "../workflow/workflow-end.ts";

/**
 * What executes the steps of a run: local processes, or outcomes that a test has written down. It knows nothing of
 * conditions, expressions, results and names of artifacts: those are the simulator's.
 */
export interface SimulationHost {
  /** A runner for one job: a fresh machine as far as the job can tell. Rejections fail the job. */
  openJob(job: JobRequest): Promise<JobHost>;
  onEvent?(event: SimulationEvent): void;
}

export interface JobRequest {
  /** {@link JobEnd.path} */
  readonly path: string;
  /** `owner/name`; the workspace's folder carries the name. */
  readonly repository: string;
  /** The payload of the event, for GITHUB_EVENT_PATH. */
  readonly event: Value;
}

export interface JobHost {
  /** Absolute; empty until the project is checked out. */
  readonly workspace: string;
  /** Absolute; RUNNER_TEMP. */
  readonly temp: string;
  /** Absolute; the payload of the event. */
  readonly eventPath: string;
  readonly toolCache: string;
  /** The project's files, into a folder that is relative to the workspace. */
  checkout(folder: string): Promise<void>;
  /** Text of a file by its path relative to the workspace. */
  readFile(path: string): string | undefined;
  /** `hashFiles`: SHA-256 over those of the files that match, or an empty text where none does. */
  hashFiles(patterns: readonly string[]): string;
  execute(call: StepCall): Promise<StepReturn>;
  /** Files that the lines of `path` of upload-artifact name. */
  findFiles(patterns: readonly string[], hidden: boolean): Promise<FoundFiles>;
  storeArtifact(name: string, found: FoundFiles): Promise<void>;
  /** Into a folder that is relative to the workspace or absolute. */
  fetchArtifact(name: string, folder: string): Promise<void>;
  deleteArtifact(name: string): Promise<void>;
  /** Ends what the job's steps left running and removes its folders. */
  close(): Promise<void>;
}

export interface StepCall {
  readonly job: string;
  /** {@link StepEnd.id}; of a step in a composite action after those of the steps around it and `/`. */
  readonly step: string;
  readonly command: ScriptCommand | NodeCommand;
  /** All but PATH, the files of file commands and what the machine itself sets. */
  readonly env: { readonly [name: string]: string };
  /** Folders for the front of PATH, the first first. */
  readonly path: readonly string[];
  /** Aborted when the step must end: interrupt, terminate 7.5 s later, kill 2.5 s later. */
  readonly signal: AbortSignal;
  /** A line of standard output or standard error, without its end. */
  line(text: string): void;
}

export interface ScriptCommand {
  readonly kind: "script";
  readonly script: string;
  /** As `shell:` has it; absent: the default of the machine. */
  readonly shell?: string;
  /** Relative to the workspace, or absolute. */
  readonly workingDirectory: string;
}

export interface NodeCommand {
  readonly kind: "node";
  readonly stage: "main" | "post";
  /** Relative to the workspace. */
  readonly action: string;
  /** Relative to the action's folder. */
  readonly file: string;
  readonly inputs: { readonly [name: string]: string };
}

export interface StepReturn {
  readonly exitCode: number;
  /** Texts of the files of file commands; absent: not written. */
  readonly files?: Partial<Readonly<Record<FileCommand, string>>>;
}

export type FileCommand = "output" | "env" | "path" | "state" | "summary";

export interface FoundFiles {
  /** Absolute; what the names in the artifact are relative to. */
  readonly root: string;
  /** Relative to the root, with `/`. */
  readonly files: readonly string[];
}
