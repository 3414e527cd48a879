import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isBundle, packageRoot } from "../../system/package-root.ts";
import type { Target } from "../../target/target.ts";

/** The names of all targets, sorted: each is a folder of `targets/`. */
export function targetNames(): readonly string[] {
  const names = isBundle
    ? readdirSync(path.join(packageRoot, "dist/targets"))
        .filter((file) => file.endsWith(".js"))
        .map((file) => file.slice(0, -".js".length))
    : readdirSync(path.join(packageRoot, "targets"));
  return names.sort();
}

/** Undefined where no target has that name. */
export async function loadTarget(name: string): Promise<Target | undefined> {
  if (!targetNames().includes(name)) return undefined;
  const file = path.join(packageRoot, isBundle ? `dist/targets/${name}.js` : `targets/${name}/target.ts`);
  if (!existsSync(file)) throw new Error(`the target ${name} has no ${file}`);
  const module: { default: Target } = await import(pathToFileURL(file).href);
  return module.default;
}
