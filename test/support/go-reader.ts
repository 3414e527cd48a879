/**
 * `test/support/go-reader`, built once for a test file: the YAML and the cron that Argo's own programs read. Its modules
 * come from where Go gets them here.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export interface GoReader {
  readonly read: (what: "yaml" | "cron", input: string) => unknown;
}

/** The reader, or the reason why there is none. */
export function goReader(): GoReader | string {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-go-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, "go-reader");
  const sources = fileURLToPath(new URL("go-reader", import.meta.url));
  const built = spawnSync("go", ["build", "-buildvcs=false", "-o", program, "."], { cwd: sources, encoding: "utf8" });
  if (built.error !== undefined) return "there is no Go";
  if (built.status !== 0) return `Go cannot build it: ${built.stderr.trim().split("\n").at(-1)}`;
  return {
    read(what, input) {
      const { status, stdout, stderr } = spawnSync(program, [what], { input, encoding: "utf8", maxBuffer: 2 ** 28 });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
  };
}
