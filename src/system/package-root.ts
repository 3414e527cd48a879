import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of magnus' package.json, from the sources and from the bundle. */
export const packageRoot = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** Whether this is the published bundle. */
export const isBundle = !import.meta.url.endsWith(".ts");

function findRoot(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, "package.json"))) return at;
    if (path.dirname(at) === at) throw new Error(`no package.json above ${folder}`);
  }
}
