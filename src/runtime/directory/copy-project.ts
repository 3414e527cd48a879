import { constants, copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { listProjectFiles } from "../files/list-project-files.ts";

/** The project's files, as an image has them: copies in a folder that does not exist yet. */
export function copyProject(projectDir: string, into: string): void {
  mkdirSync(into, { recursive: true });
  const made = new Set<string>([into]);
  for (const name of namesOf(projectDir)) {
    const source = join(projectDir, name);
    const kind = lstatSync(source, { throwIfNoEntry: false });
    if (kind === undefined) continue;
    const copy = join(into, name);
    const folder = dirname(copy);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    if (kind.isSymbolicLink()) symlinkSync(resolve(dirname(source), readlinkSync(source)), copy);
    else if (kind.isFile()) copyFileSync(source, copy, constants.COPYFILE_FICLONE);
  }
}

const namesInProjects = new Map<string, readonly string[]>();

/** Read once a process. */
function namesOf(projectDir: string): readonly string[] {
  let names = namesInProjects.get(projectDir);
  if (names === undefined) {
    names = listProjectFiles(projectDir, (folder) => !folder.startsWith("."));
    namesInProjects.set(projectDir, names);
  }
  return names;
}
