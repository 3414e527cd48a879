import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * What a checkout would bring, relative to the project: the files that git tracks or would track; outside of a
 * repository all files. Changes that are not committed yet count. Links that lead nowhere are left out.
 */
export function projectFiles(project: string): readonly string[] {
  const names = filesByGit(project) ?? filesByWalking(project);
  return names.filter((name) => statSync(join(project, name), { throwIfNoEntry: false })?.isFile() === true);
}

function filesByGit(project: string): readonly string[] | undefined {
  const { status, stdout } = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (status !== 0) return undefined;
  return [...new Set(stdout.split("\0"))].filter((name) => name !== "" && !name.startsWith(".magnus/"));
}

const leftOut = new Set([".git", ".magnus", "node_modules"]);

function filesByWalking(project: string): readonly string[] {
  const files: string[] = [];
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop())
    for (const entry of readdirSync(join(project, folder), { withFileTypes: true })) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) files.push(name);
      else if (!leftOut.has(entry.name)) pending.push(name);
    }
  return files;
}
