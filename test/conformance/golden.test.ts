/**
 * What the cases compile to. `expected/ir.json` stands beside every case, `expected/shell/` beside those that show a
 * construct each; a person has read them. UPDATE=1 rewrites what is there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runMagnus } from "../support/programs.ts";
import { conformanceCases } from "./cases.ts";

/** Cases whose script is kept: a chain, each composite, gathers, hostile text. */
const scripts = [
  "failure-handled",
  "parallel",
  "map-first",
  "conditional-default",
  "loop-closed-by-gather",
  "dag-inline",
  "hostile-values",
  "names",
];

test.for(conformanceCases())("$name", { concurrent: true }, async ({ name, folder }) => {
  await compare(folder, "ir", path.join(folder, "expected/ir.json"));
  if (scripts.includes(name)) await compare(folder, "shell", path.join(folder, "expected/shell/pipeline.sh"));
});

async function compare(cwd: string, target: string, expected: string): Promise<void> {
  const { code, stdout, stderr } = await runMagnus(["compile", "pipeline.yaml", "-t", target, "-o", "-", "-q"], {
    cwd,
  });
  expect(code, stderr).toBe(0);
  if (process.env.UPDATE === "1") {
    mkdirSync(path.dirname(expected), { recursive: true });
    writeFileSync(expected, stdout);
  }
  expect(existsSync(expected), expected).toBe(true);
  expect(stdout).toBe(readFileSync(expected, "utf8"));
}
