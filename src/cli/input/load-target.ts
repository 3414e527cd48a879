import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isBundle, packageRoot } from "../../system/package-root.ts";
import type { Target } from "../../target/target.ts";

/** The names of all targets, sorted: each is a folder with a target in it. */
export function targetNames(): readonly string[] {
  return [...targetFiles().keys()].sort();
}

/** Undefined where no target has that name. */
export async function loadTarget(name: string): Promise<Target | undefined> {
  const file = targetFiles().get(name);
  if (file === undefined) return undefined;
  const module: { default: Target } = await import(pathToFileURL(file).href);
  return module.default;
}

/** All targets, sorted by their names. */
export async function loadTargets(): Promise<readonly Target[]> {
  const targets = await Promise.all(targetNames().map(loadTarget));
  return targets.filter((target) => target !== undefined);
}

/**
 * Name → file of each target: in magnus' own folder, then in those that MAGNUS_TARGETS_PATH lists (as PATH does), for whoever
 * develops one. A name that is there twice means the first.
 */
function targetFiles(): ReadonlyMap<string, string> {
  const further = (process.env.MAGNUS_TARGETS_PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const files = new Map<string, string>();
  for (const folder of [path.join(packageRoot, isBundle ? "dist/targets" : "targets"), ...further]) {
    for (const name of readdirSync(folder)) {
      const file = entries.map((entry) => path.resolve(folder, name, entry)).find((each) => existsSync(each));
      if (file !== undefined && !files.has(name)) files.set(name, file);
    }
  }
  return files;
}

/** The build writes the first; the second is a module wherever it stands. */
const entries = isBundle ? ["target.js", "target.mjs"] : ["target.ts"];
