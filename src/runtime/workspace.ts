import { constants, copyFileSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { FilePlace } from "./catalog-step.ts";
import { globOf } from "./glob.ts";
import { listProjectFiles, type ProjectFile } from "./list-project-files.ts";
import { scratchFolder } from "./scratch.ts";
import type { StepRun } from "./step-run.ts";

export interface Workspace extends FilePlace {
  /** Removes it where it is the attempt's own. */
  remove(): void;
}

/**
 * The working directory of an attempt: the project's folder, as make does; or, where steps that use the catalog run
 * beside each other, a folder of its own, so that two of them that write `out.csv` keep theirs apart. `always`: a folder of
 * its own for every step, without what the catalog has for it: that it must get, as it must on another machine.
 */
export function openWorkspace(
  { spec, files }: Pick<StepRun, "spec" | "files">,
  isolate: "auto" | "always" | "never",
  projectDir: string,
): Workspace {
  const wanted = isolate === "auto" ? spec.concurrent === true && catalogues(spec) : isolate === "always";
  if (!wanted) return { cwd: projectDir, roots: [projectDir], remove: () => {} };
  const cwd = mkdtempSync(join(scratchFolder(), "work-"));
  const put = (spec.task?.catalog?.put ?? []).map(({ pattern }) => pattern);
  fill(cwd, projectDir, put, isolate === "always" ? files : new Map());
  return { cwd, roots: [cwd, projectDir], remove: () => rmSync(cwd, { recursive: true, force: true }) };
}

/** An executed notebook is stored without being named under `catalog`. */
function catalogues({ task }: StepRun["spec"]): boolean {
  return task?.catalog !== undefined || task?.type === "notebook";
}

/**
 * The project's files as symbolic links in real folders. What the step is to put is copied instead: through a link it
 * would write into the project after all.
 */
function fill(cwd: string, projectDir: string, put: readonly string[], catalogued: ReadonlyMap<string, unknown>): void {
  const outputs = put.map(globOf).filter((glob) => glob !== null);
  const made = new Set<string>([cwd]);
  for (const { name, tracked } of projectFiles(projectDir)) {
    if (!tracked && catalogued.has(name)) continue;
    const link = join(cwd, name);
    const folder = dirname(link);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    const source = join(projectDir, name);
    if (outputs.some((glob) => glob.matches(name))) copyFileSync(source, link, constants.COPYFILE_FICLONE);
    else symlinkSync(source, link);
  }
}

/** The project's files, as an image has them: copies in a folder that does not exist yet. */
export function copyProject(projectDir: string, into: string): void {
  mkdirSync(into, { recursive: true });
  const made = new Set<string>([into]);
  for (const { name } of projectFiles(projectDir)) {
    const copy = join(into, name);
    const folder = dirname(copy);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    const source = join(projectDir, name);
    const kind = lstatSync(source, { throwIfNoEntry: false });
    if (kind?.isSymbolicLink()) symlinkSync(resolve(dirname(source), readlinkSync(source)), copy);
    else if (kind?.isFile()) copyFileSync(source, copy, constants.COPYFILE_FICLONE);
  }
}

const filesOfProjects = new Map<string, readonly ProjectFile[]>();

/** Read once a process. */
function projectFiles(projectDir: string): readonly ProjectFile[] {
  let files = filesOfProjects.get(projectDir);
  if (files === undefined) {
    const listed = listProjectFiles(projectDir, (folder) => !folder.startsWith("."));
    files = listed.filter(({ name }) => lstatSync(join(projectDir, name), { throwIfNoEntry: false }) !== undefined);
    filesOfProjects.set(projectDir, files);
  }
  return files;
}
