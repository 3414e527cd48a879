import { execFileSync } from "node:child_process";
import path from "node:path";

/** The repository's folder. */
export const root = path.resolve(import.meta.dirname, "../..");

/** vitest's global set-up: tests that use the programs use those that are published. */
export default function build(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
}
