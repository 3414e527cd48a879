import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface ProjectFile {
  /** Relative to the project. */
  readonly name: string;
  /** Git has it: it is part of the code, and in every clone. */
  readonly tracked: boolean;
}

/**
 * The files of a project: those that git tracks or would track; outside of a checkout, or without git, all
 * files below folders that `enters` takes by their names. What git lists may be gone.
 */
export function listProjectFiles(project: string, enters: (folder: string) => boolean): readonly ProjectFile[] {
  return filesByGit(project) ?? filesByWalking(project, enters).map((name) => ({ name, tracked: false }));
}

function filesByGit(project: string): readonly ProjectFile[] | undefined {
  const { status, stdout } = spawnSync("git", ["ls-files", "-co", "-t", "--exclude-standard", "-z"], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (status !== 0) return undefined;
  // `H name`, or `? name` where git does not have it; a file in a merge is named several times.
  const tracked = new Map(stdout.split("\0").map((entry) => [entry.slice(2), !entry.startsWith("?")]));
  const files = [...tracked].map(([name, isTracked]) => ({ name, tracked: isTracked }));
  // magnus's own folder, where nobody has told git to ignore it.
  return files.filter(({ name }) => name !== "" && !name.startsWith(".magnus/"));
}

function filesByWalking(project: string, enters: (folder: string) => boolean): readonly string[] {
  const files: string[] = [];
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(join(project, folder), { withFileTypes: true })) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) files.push(name);
      else if (enters(entry.name)) pending.push(name);
    }
  }
  return files;
}
