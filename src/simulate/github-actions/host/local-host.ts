import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { SimulationEvent } from "../workflow/workflow-end.ts";
import { findFiles, hashFiles } from "./find-files.ts";
import { type Group, runProcess } from "./local-process.ts";
import { projectFiles } from "./project-files.ts";
import { shellCommand } from "./shell-command.ts";
import type { FileCommand, JobHost, JobRequest, SimulationHost, StepCall, StepReturn } from "./simulation-host.ts";

export interface LocalHostOptions {
  /** Absolute; what a checkout gives. */
  readonly project: string;
  /** Absolute; a folder for each artifact is made in it. */
  readonly artifacts: string;
  /** For processes, beside PATH, HOME, language and time zone of this one. */
  readonly env?: { readonly [name: string]: string };
  /** Milliseconds from SIGINT to SIGTERM and from there to SIGKILL; default 7,500 and 2,500 as on GitHub. */
  readonly grace?: { readonly interruptMs: number; readonly terminateMs: number };
  onEvent?(event: SimulationEvent): void;
}

/**
 * Runs steps as processes of this machine, each in a process group of its own. Every job has folders of its own, which
 * are removed when it ends; only the artifacts stay. Nothing is isolated: steps see this machine's programs and network.
 */
export function localHost(options: LocalHostOptions): SimulationHost {
  // Asked for once: all jobs of a run check the same commit out.
  let files: readonly string[] | undefined;
  const project = (): readonly string[] => {
    files ??= projectFiles(options.project);
    return files;
  };
  return {
    ...(options.onEvent && { onEvent: options.onEvent }),
    openJob: async (job) => openJob(job, options, project),
  };
}

function openJob(job: JobRequest, options: LocalHostOptions, project: () => readonly string[]): JobHost {
  const root = mkdtempSync(join(tmpdir(), "magnus-job-"));
  const name = job.repository.split("/")[1] ?? "project";
  const workspace = join(root, "work", name, name);
  const temp = join(root, "temp");
  const toolCache = join(root, "tools");
  const eventPath = join(temp, "_github_workflow", "event.json");
  for (const folder of [workspace, toolCache, dirname(eventPath)]) mkdirSync(folder, { recursive: true });
  writeFileSync(eventPath, JSON.stringify(job.event));
  const groups: Group[] = [];
  const artifact = (id: string): string => join(options.artifacts, id);
  let steps = 0;
  return {
    workspace,
    temp,
    eventPath,
    toolCache,
    checkout: async (folder) => {
      const target = resolve(workspace, folder);
      if (target !== workspace && !target.startsWith(`${workspace}/`))
        throw new Error(`Repository path '${target}' is not under '${workspace}'`);
      // As on GitHub: what was there before, such as what was downloaded, is removed.
      rmSync(target, { recursive: true, force: true });
      copyAll(project(), options.project, target);
    },
    readFile: (path) => {
      const file = join(workspace, path);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    },
    hashFiles: (patterns) => hashFiles(workspace, patterns),
    execute: (call) => execute(call, { workspace, temp, id: ++steps, groups, options }),
    findFiles: async (patterns, hidden) => findFiles(workspace, patterns, hidden),
    storeArtifact: async (id, { root: from, files }) => {
      // An earlier run may have left one of the name.
      rmSync(artifact(id), { recursive: true, force: true });
      copyAll(files, from, artifact(id), 0o644);
    },
    fetchArtifact: async (id, folder) => {
      const from = artifact(id);
      copyAll(findFiles(from, ["."], true).files, from, isAbsolute(folder) ? folder : join(workspace, folder));
    },
    deleteArtifact: async (id) => rmSync(artifact(id), { recursive: true, force: true }),
    close: async () => {
      for (const group of groups) group.kill();
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** @param mode of the copies; absent: as they were. Artifacts lose theirs, as in the zip files of GitHub. */
function copyAll(files: readonly string[], from: string, to: string, mode?: number): void {
  mkdirSync(to, { recursive: true });
  const made = new Set<string>();
  for (const file of files) {
    const target = join(to, file);
    const folder = dirname(target);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    copyFileSync(join(from, file), target, constants.COPYFILE_FICLONE);
    if (mode !== undefined) chmodSync(target, mode);
  }
}

interface LocalJob {
  readonly workspace: string;
  readonly temp: string;
  /** Of the step, among the job's. */
  readonly id: number;
  readonly groups: Group[];
  readonly options: LocalHostOptions;
}

const fileNames: Readonly<Record<FileCommand, string>> = {
  output: "GITHUB_OUTPUT",
  env: "GITHUB_ENV",
  path: "GITHUB_PATH",
  state: "GITHUB_STATE",
  summary: "GITHUB_STEP_SUMMARY",
};

async function execute(call: StepCall, job: LocalJob): Promise<StepReturn> {
  const folder = join(job.temp, "_runner_file_commands", String(job.id));
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(fileNames).map(([kind, variable]) => ({ kind, variable, path: join(folder, kind) }));
  for (const { path } of files) writeFileSync(path, "");
  const path = [...call.path, call.env.PATH ?? process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin"].join(":");
  const env = {
    ...ownEnvironment(),
    ...job.options.env,
    ...call.env,
    ...Object.fromEntries(files.map((file) => [file.variable, file.path])),
    PATH: path,
  };
  const { file, args, cwd } = commandOf(call, join(job.temp, `step-${job.id}`), job.workspace, path);
  const exitCode = await runProcess(
    { file, args, cwd, env },
    {
      signal: call.signal,
      grace: job.options.grace ?? { interruptMs: 7_500, terminateMs: 2_500 },
      line: (text) => call.line(text),
      left: (group) => job.groups.push(group),
    },
  );
  const texts = files.map(({ kind, path: at }) => [kind, existsSync(at) ? readFileSync(at, "utf8") : ""]);
  return { exitCode, files: Object.fromEntries(texts) };
}

/** What a machine of GitHub would have too; nothing else of this shell's variables reaches a step. */
function ownEnvironment(): { readonly [name: string]: string } {
  const names = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? ""]])),
  );
}

function commandOf(
  { command }: StepCall,
  script: string,
  workspace: string,
  path: string,
): { readonly file: string; readonly args: readonly string[]; readonly cwd: string } {
  if (command.kind === "node") {
    const main = join(workspace, command.action, command.file);
    if (!existsSync(main)) throw new Error(`File not found: '${main}'`);
    return { file: process.execPath, args: [main], cwd: workspace };
  }
  const { file, args, extension } = shellCommand(command.shell, path);
  const at = script + extension;
  writeFileSync(at, command.script);
  const cwd = isAbsolute(command.workingDirectory)
    ? command.workingDirectory
    : join(workspace, command.workingDirectory);
  if (!existsSync(cwd)) throw new Error(`The working directory does not exist: ${cwd}`);
  return { file, args: args.map((arg) => arg.replaceAll("{0}", at)), cwd };
}
