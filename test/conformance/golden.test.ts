/**
 * What the cases compile to. `expected/ir.json` stands beside every case, a folder for each target beside those that show
 * a construct each; a person has read them. UPDATE=1 rewrites what is there.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { runMagnus } from "../support/programs.ts";
import { conformanceCases } from "./cases.ts";

/** Cases whose files are kept: a chain, each composite, gathers, hostile text. */
const kept = [
  "failure-handled",
  "parallel",
  "map-first",
  "conditional-default",
  "loop-closed-by-gather",
  "dag-inline",
  "hostile-values",
  "names",
];

/** What Argo has to know of a cluster. */
const cluster = ["image=project:1", "shim_image=magnus-shim:1", "storage.claim=runs"].flatMap((setting) => [
  "--set",
  `targets.argo.${setting}`,
]);
const targets = { shell: [], argo: cluster, "github-actions": [] };

test.for(conformanceCases())("$name", { concurrent: true }, async ({ name, folder }) => {
  const expected = path.join(folder, "expected");
  const [ir = ""] = [...(await compiled(folder, "ir", [])).values()];
  compare(ir, path.join(expected, "ir.json"));
  if (!kept.includes(name)) return;
  for (const [target, settings] of Object.entries(targets)) {
    for (const [file, content] of await compiled(folder, target, settings)) {
      compare(content, path.join(expected, target, file));
    }
  }
});

/** The files of a target by name; of those that all pipelines share, none. */
async function compiled(cwd: string, target: string, settings: readonly string[]): Promise<Map<string, string>> {
  const output = mkdtempSync(path.join(tmpdir(), "magnus-golden-"));
  const compile = ["compile", "pipeline.yaml", "-t", target, "-o", output, "-q", ...settings];
  const { code, stderr } = await runMagnus(compile, { cwd });
  expect(code, stderr).toBe(0);
  const files = readdirSync(output, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !["action.yml", "shim.cjs"].includes(entry.name))
    .map((entry): [string, string] => [entry.name, readFileSync(path.join(entry.parentPath, entry.name), "utf8")]);
  rmSync(output, { recursive: true });
  return new Map(files);
}

function compare(content: string, expected: string): void {
  if (process.env.UPDATE === "1") {
    mkdirSync(path.dirname(expected), { recursive: true });
    writeFileSync(expected, content);
  }
  expect(existsSync(expected), expected).toBe(true);
  expect(content).toBe(readFileSync(expected, "utf8"));
}
