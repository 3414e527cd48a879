import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The files of a project, relative to it: those that git tracks or would track, of repositories inside it as well; outside
 * of a checkout, or without git, all files below folders that `enters` takes by their names. What git lists may be gone.
 */
export function listProjectFiles(project: string, enters: (folder: string) => boolean): readonly string[] {
  return filesByGit(project) ?? filesByWalking(project, enters);
}

function filesByGit(project: string): readonly string[] | undefined {
  const listed = namesByGit(project, ["-co", "--exclude-standard"]);
  // A file in a merge is named several times. magnus's own folder is there where nobody has told git to ignore it.
  const names = [...new Set(listed)].filter((name) => !name.startsWith(".magnus/"));
  if (listed === undefined) return undefined;
  const repositories = names.filter((name) => name.endsWith("/"));
  const submodules =
    namesByGit(project, ["-s"])?.flatMap((line) => /^160000 [^\t]*\t(.*)$/s.exec(line)?.[1] ?? []) ?? [];
  const inside = new Set([...repositories.map((name) => name.slice(0, -1)), ...submodules]);
  const own = names.filter((name) => !name.endsWith("/") && !inside.has(name));
  return [...own, ...[...inside].flatMap((folder) => filesInside(project, folder))];
}

/** Of a repository in a folder of the project; one that was never checked out has none. */
function filesInside(project: string, folder: string): readonly string[] {
  try {
    if (!readdirSync(join(project, folder)).includes(".git")) return [];
  } catch {
    return [];
  }
  return (filesByGit(join(project, folder)) ?? []).map((name) => `${folder}/${name}`);
}

const trackedFiles = new Map<string, ReadonlySet<string>>();

/** The files that git has: they are in every clone. Read once a process; empty outside of a checkout. */
export function trackedByGit(project: string): ReadonlySet<string> {
  let names = trackedFiles.get(project);
  if (names === undefined) trackedFiles.set(project, (names = new Set(namesByGit(project, []))));
  return names;
}

const ignoredFiles = new Map<string, readonly string[]>();

/** Files that git ignores, and folders that it ignores as a whole. Read once a process; none outside of a checkout. */
export function ignoredByGit(project: string): readonly string[] {
  let names = ignoredFiles.get(project);
  if (names === undefined) {
    const listed = namesByGit(project, ["-oi", "--directory", "--exclude-standard"]) ?? [];
    ignoredFiles.set(project, (names = listed.map((name) => name.replace(/\/$/, ""))));
  }
  return names;
}

/** Undefined outside of a checkout, and without git. */
function namesByGit(project: string, options: readonly string[]): readonly string[] | undefined {
  const { status, stdout } = spawnSync("git", ["ls-files", ...options, "-z"], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.split("\0").filter((name) => name !== "") : undefined;
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
