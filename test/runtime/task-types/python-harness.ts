import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TaskSpec } from "../../../src/protocol/step-spec.ts";
import { type Given, newServices, type Ran, runTask } from "../attempt/step-harness.ts";

export interface GivenPython extends Omit<Given, "files"> {
  readonly returns?: TaskSpec["returns"];
  readonly files?: { readonly [name: string]: string };
  readonly command?: string;
}

/** Runs `work` of a module `steps` with this text, or another command; `files` stand beside it. */
export async function python(
  source: string,
  { returns, files = {}, command = "steps.work", ...given }: GivenPython = {},
): Promise<Ran> {
  const services = { ...newServices(), ...given.services };
  for (const [name, text] of Object.entries({ "steps.py": source, ...files })) {
    const file = join(services.projectDir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const task: TaskSpec = { type: "python", command, ...(returns ? { returns } : {}), ...given.task };
  return runTask(task, { ...given, services });
}
