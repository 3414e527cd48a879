import { statSync } from "node:fs";
import { join } from "node:path";
import { listProjectFiles } from "../../../runtime/files/list-project-files.ts";

/** What a checkout would bring, relative to the project. Changes that are not committed yet count; links to nothing do not. */
export function projectFiles(project: string): readonly string[] {
  const names = listProjectFiles(project, (folder) => !leftOut.has(folder));
  return names.filter((name) => statSync(join(project, name), { throwIfNoEntry: false })?.isFile() === true);
}

const leftOut = new Set([".git", ".magnus", "node_modules"]);
