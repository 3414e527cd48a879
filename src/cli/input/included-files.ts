import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import type { ReadFile } from "../../frontends/included-documents.ts";
import { reasonOf } from "./source-files.ts";

/** A longer file is no pipeline that a person wrote. Bytes. */
const largestFile = 32 * 1024 * 1024;

/**
 * Reads the files that a pipeline includes: regular ones of its project only. A pipeline may be somebody else's, and what
 * it names shows in messages. The project is the git checkout around the working directory or the pipeline, else their folder.
 */
export function includedFiles(pipeline: string): ReadFile {
  const roots = [process.cwd(), path.dirname(path.resolve(pipeline))].map(projectAround);
  return (name) => {
    const file = path.resolve(name);
    if (!existsSync(file)) return undefined;
    try {
      const real = realpathSync(file);
      if (!roots.some((root) => isBelow(real, root))) return { problem: "it is outside of the project" };
      const state = statSync(real);
      if (state.isDirectory()) return undefined;
      if (!state.isFile()) return { problem: "it is not a regular file" };
      if (state.size > largestFile) return { problem: `it is larger than ${largestFile / 1024 / 1024} MiB` };
      return readFileSync(real, "utf8");
    } catch (error) {
      return { problem: reasonOf(error) };
    }
  };
}

function projectAround(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, ".git"))) return realpathSync(at);
    if (path.dirname(at) === at) return realpathSync(folder);
  }
}

function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== "" && relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative);
}
