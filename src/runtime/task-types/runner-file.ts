import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../given/scratch.ts";
import { runnerTexts } from "./runner-texts.ts";

/**
 * The file of a runner, written once a process into its folder of temporary files together with the others of its
 * language. Python's are the package `magnus`, which tasks may import where the image has it not.
 */
export function runnerFile(name: "_runner.py" | "_notebook.py" | "node-runner.mjs"): string {
  const language = name.endsWith(".py") ? ".py" : ".mjs";
  const folder = join(scratchFolder(), language === ".py" ? "python/magnus" : "node");
  if (!written.has(language)) {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(runnerTexts())) {
      if (file.endsWith(language)) writeFileSync(join(folder, file), text);
    }
    written.add(language);
  }
  return join(folder, name);
}

const written = new Set<string>();
