import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../system/package-root.ts";

/** The text of `dist/<name>`, which the build makes. */
export function builtProgram(name: string): string {
  return readFileSync(path.join(packageRoot, "dist", name), "utf8");
}
