import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TaskSpec } from "../../../src/protocol/step-spec.ts";
import { dataOf, type Given, newServices, type Ran, runTask } from "../attempt/step-harness.ts";

/** A cell of a notebook: the source of a code cell, or more of it. */
export type Cell =
  | string
  | {
      readonly source: string | readonly string[];
      readonly tags?: readonly string[];
      readonly type?: "code" | "markdown" | "raw";
      /** What an earlier execution left. */
      readonly outputs?: readonly object[];
    };

export interface NotebookForm {
  /** Of the format 4. */
  readonly minor?: number;
  readonly metadata?: object;
}

/** A notebook of these cells, as Jupyter saves it; Python's where its metadata say nothing else. */
export function notebookText(
  cells: readonly Cell[],
  { minor = 5, metadata = kernelNamed("python3") }: NotebookForm = {},
) {
  const document = {
    nbformat: 4,
    nbformat_minor: minor,
    metadata,
    cells: cells.map((cell, index) => {
      const { source, tags, type = "code", outputs } = typeof cell === "string" ? { source: cell } : cell;
      return {
        cell_type: type,
        ...(minor >= 5 ? { id: `cell-${index}` } : {}),
        metadata: tags === undefined ? {} : { tags },
        ...(type === "code" ? { execution_count: outputs === undefined ? null : 77, outputs: outputs ?? [] } : {}),
        source,
      };
    }),
  };
  return JSON.stringify(document);
}

export function kernelNamed(name: string, language = "python"): object {
  return { kernelspec: { name, language, display_name: name } };
}

export interface NotebookGiven extends Omit<Given, "files"> {
  readonly returns?: TaskSpec["returns"];
  readonly notebook?: TaskSpec["notebook"];
  readonly form?: NotebookForm;
  /** Texts of files in the project, `train.ipynb` among them where it is not made of cells. */
  readonly files?: { readonly [name: string]: string };
  /** What stands before everything else on PATH: the folder of the interpreter. */
  readonly bin: string;
  readonly env?: { readonly [name: string]: string };
}

/** Runs a notebook of these cells as `train.ipynb`. */
export async function runNotebook(cells: readonly Cell[], given: NotebookGiven): Promise<Ran> {
  const { returns, notebook, form, files = {}, bin, env = {}, ...rest } = given;
  const services = { ...newServices(rest.secrets), ...rest.services };
  for (const [name, text] of Object.entries({ "train.ipynb": notebookText(cells, form), ...files })) {
    const file = join(services.projectDir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const task: TaskSpec = {
    type: "notebook",
    command: "train.ipynb",
    env: { PATH: `${bin}:${process.env.PATH}`, ...env },
    ...(returns === undefined ? {} : { returns }),
    ...(notebook === undefined ? {} : { notebook }),
    ...rest.task,
  };
  return runTask(task, { ...rest, services });
}

export interface ExecutedNotebook {
  readonly metadata: { readonly [name: string]: unknown };
  readonly cells: readonly {
    readonly id?: string;
    readonly cell_type: string;
    readonly source: string | readonly string[];
    readonly execution_count?: number | null;
    readonly outputs?: readonly { readonly output_type: string; readonly [key: string]: unknown }[];
    readonly metadata: { readonly tags?: readonly string[] };
  }[];
}

/** The executed notebook that the catalog has; throws where it has none. */
export async function executedNotebook({ events, services }: Ran, name = "train_out.ipynb"): Promise<ExecutedNotebook> {
  const files = dataOf(events, "catalog.put").flatMap((put) => put.files);
  const file = files.find((one) => one.name === name);
  if (file === undefined) throw new Error(`the catalog has ${files.map((one) => one.name).join(", ") || "nothing"}`);
  const target = join(services.projectDir, "..", `${file.digest.slice(-8)}.ipynb`);
  await services.catalog.getFile(file.digest, target, { executable: false });
  return JSON.parse(readFileSync(target, "utf8"));
}

/** A way to have what executes notebooks, on this machine. */
export interface NotebookEngine {
  readonly name: "papermill" | "nbclient" | "nbconvert";
  /** The folder of a python3 that has the package, or of one that has none beside the program jupyter. */
  readonly bin?: string;
  /** Why it cannot be tested here. */
  readonly missing?: string;
}

/**
 * The engines of this machine. MAGNUS_TEST_PYTHONS names folders of interpreters beside the one on PATH, separated by
 * colons (`venv/bin`).
 */
export function notebookEngine(name: NotebookEngine["name"]): NotebookEngine {
  const folders = [...(process.env.MAGNUS_TEST_PYTHONS ?? "").split(":").filter((folder) => folder !== ""), ""];
  const bin = folders.find((folder) => engineOf(folder) === name);
  if (bin !== undefined) return { name, bin };
  return { name, missing: `no python3 here has ${name} (MAGNUS_TEST_PYTHONS can name one)` };
}

function engineOf(bin: string): string {
  const has = (name: string) => `u.find_spec("${name}") is not None`;
  const code = `
import importlib.util as u, shutil
kernel = ${has("ipykernel")}
print("papermill" if ${has("papermill")} and kernel else "nbclient" if ${has("nbclient")} and kernel else "nbconvert" if shutil.which("jupyter-nbconvert") else "")`;
  const env = { ...process.env, PATH: bin === "" ? process.env.PATH : `${bin}:${process.env.PATH}` };
  return spawnSync("python3", ["-c", code], { env, encoding: "utf8" }).stdout.trim();
}
