import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The files of a project, relative to it: those that git tracks or would track; outside of a checkout, or without git, all
 * files below folders that `enters` takes by their names. What git lists may be gone.
 */
export function listProjectFiles(project: string, enters: (folder: string) => boolean): readonly string[] {
  return filesByGit(project) ?? filesByWalking(project, enters);
}

function filesByGit(project: string): readonly string[] | undefined {
  const { status, stdout } = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (status !== 0) return undefined;
  // magnus's own folder, where nobody has told git to ignore it.
  return [...new Set(stdout.split("\0"))].filter((name) => name !== "" && !name.startsWith(".magnus/"));
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
