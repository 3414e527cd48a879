import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { Variables } from "../../system/environment.ts";

/** The first of these programs on the environment's PATH, names before folders; undefined where it has none. */
export function findProgram(names: readonly string[], env: Variables): string | undefined {
  const search = env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  const key = `${names.join(" ")} ${search}`;
  if (!found.has(key)) {
    const folders = search.split(":").filter((folder) => folder !== "");
    const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
    found.set(key, candidates.find(isProgram));
  }
  return found.get(key);
}

const found = new Map<string, string | undefined>();

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
