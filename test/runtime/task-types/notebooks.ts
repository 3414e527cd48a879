import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TaskSpec } from "../../../src/protocol/step-spec.ts";
import { type Given, newServices, type Ran, runTask } from "../step-harness.ts";

/** A code cell of a notebook: its source, and its tags. */
export type Cell = string | { readonly source: string; readonly tags: readonly string[] };

/** A Python notebook of these cells, as Jupyter saves it. */
export function notebookText(cells: readonly Cell[], kernel = "python3"): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: kernel, language: "python", display_name: "Python" } },
    cells: cells.map((cell, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      execution_count: null,
      metadata: typeof cell === "string" ? {} : { tags: cell.tags },
      outputs: [],
      source: typeof cell === "string" ? cell : cell.source,
    })),
  });
}

export interface NotebookGiven extends Omit<Given, "files"> {
  readonly returns?: TaskSpec["returns"];
  readonly notebook?: TaskSpec["notebook"];
  readonly kernel?: string;
  readonly files?: { readonly [name: string]: string };
  /** What stands before everything else on PATH: the folder of the interpreter. */
  readonly bin: string;
}

/** Runs a notebook of these cells as `train.ipynb`. */
export async function runNotebook(cells: readonly Cell[], given: NotebookGiven): Promise<Ran> {
  const { returns, notebook, kernel, files = {}, bin, ...rest } = given;
  const services = { ...newServices(rest.secrets), ...rest.services };
  for (const [name, text] of Object.entries({ "train.ipynb": notebookText(cells, kernel), ...files })) {
    const file = join(services.projectDir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const task: TaskSpec = {
    type: "notebook",
    command: "train.ipynb",
    env: { PATH: `${bin}:${process.env.PATH}` },
    ...(returns === undefined ? {} : { returns }),
    ...(notebook === undefined ? {} : { notebook }),
    ...rest.task,
  };
  return runTask(task, { ...rest, services });
}

/** A way to execute notebooks on this machine. */
export interface NotebookEngine {
  readonly name: "papermill" | "nbclient" | "nbconvert";
  /** The folder of a python3 and jupyter for which this engine is the first. */
  readonly bin?: string;
  /** Why it cannot be tested here. */
  readonly missing?: string;
}

/**
 * The engines of this machine. MAGNUS_TEST_PYTHONS names folders of interpreters beside the one on PATH, separated by
 * colons (`venv/bin`).
 */
export function notebookEngines(): readonly NotebookEngine[] {
  const folders = [...(process.env.MAGNUS_TEST_PYTHONS ?? "").split(":").filter((folder) => folder !== ""), ""];
  const found = new Map(folders.map((bin) => [engineOf(bin), bin]));
  return (["papermill", "nbclient", "nbconvert"] as const).map((name) => {
    const bin = found.get(name);
    if (bin !== undefined) return { name, bin };
    return { name, missing: `no python3 here would use ${name} (MAGNUS_TEST_PYTHONS can name one)` };
  });
}

function engineOf(bin: string): string {
  const code = `
import importlib.util as u, shutil
has = lambda name: u.find_spec(name) is not None
kernel = has("ipykernel")
print("papermill" if has("papermill") and kernel else "nbclient" if has("nbclient") and kernel else "nbconvert" if shutil.which("jupyter-nbconvert") else "")`;
  const env = { ...process.env, PATH: bin === "" ? process.env.PATH : `${bin}:${process.env.PATH}` };
  return spawnSync("python3", ["-c", code], { env, encoding: "utf8" }).stdout.trim();
}
