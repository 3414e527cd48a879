import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createTwoFilesPatch } from "diff";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { makeFolder } from "../../system/atomic-file.ts";
import { shellWord } from "../../system/shell-quote.ts";
import { reasonOf } from "../input/source-files.ts";

/** A file to be on disk: text, or bytes. */
export interface WrittenFile {
  /** Relative posix path. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: true;
  /** Its text, given that of the file on disk. */
  readonly keep?: (onDisk: string) => string;
}

/** A file that is to be written, beside what is on disk. */
export interface ComparedFile {
  readonly file: WrittenFile;
  /** `new`: nothing is there. */
  readonly state: "new" | "changed" | "same";
  readonly before?: Buffer;
}

export function compareFiles(files: readonly WrittenFile[], folder: string): readonly ComparedFile[] {
  return files.map((given) => {
    const name = path.join(folder, given.path);
    let file = given;
    try {
      const before = readFileSync(name);
      if (file.keep !== undefined) file = { ...file, content: file.keep(before.toString()) };
      const executable = file.executable !== true || (statSync(name).mode & 0o100) !== 0;
      return { file, state: before.equals(Buffer.from(file.content)) && executable ? "same" : "changed", before };
    } catch {
      return { file, state: "new" };
    }
  });
}

/** Writes what differs, all of it or, where one of the files cannot be written, none; reports that one. */
export function writeFiles(compared: readonly ComparedFile[], folder: string, sink: DiagnosticSink): void {
  const written: { readonly temporary: string; readonly name: string }[] = [];
  try {
    for (const { file, state } of compared) {
      if (state === "same") continue;
      const name = path.join(folder, file.path);
      const temporary = `${name}.${process.pid}.tmp`;
      written.push({ temporary, name });
      makeFolder(path.dirname(name));
      writeFileSync(temporary, file.content, { mode: file.executable ? 0o777 : 0o666 });
      refuseFolder(name);
    }
    for (const { temporary, name } of written) renameSync(temporary, name);
  } catch (error) {
    const hint = "nothing was written; name another folder with -o DIR";
    sink.report("cannot-write", { name: written.at(-1)?.name ?? folder, cause: reasonOf(error), hint });
    for (const { temporary } of written) removeQuietly(temporary);
  }
}

/** Found before anything is put into place; else the files before it would stay. */
function refuseFolder(name: string): void {
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory()) throw new Error("a folder has that name");
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // What could not be written is not there either.
  }
}

/** What one target writes. */
export interface Family {
  readonly files: readonly WrittenFile[];
  /** Whether a file of this path and text is of the same target and pipeline. */
  readonly isKin: (path: string, text: string) => boolean;
}

/**
 * Files beside the compiled ones that an earlier compilation of the same source for the same target wrote and this one did
 * not: the pipeline was renamed.
 */
export function leftovers(families: readonly Family[], folder: string): readonly string[] {
  const written = new Set(families.flatMap(({ files }) => files.map((file) => file.path)));
  return families.flatMap(({ files, isKin }) => {
    const folders = new Set(files.map((file) => path.posix.dirname(file.path)));
    return [...folders].flatMap((place) =>
      listFolder(path.join(folder, place))
        .map((name) => path.posix.join(place, name))
        .filter((name) => !written.has(name) && isKin(name, beginningOf(path.join(folder, name))))
        .map((name) => path.join(folder, name)),
    );
  });
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Empty where there is none. */
function beginningOf(name: string): string {
  try {
    return statSync(name).isFile() ? readFileSync(name, "utf8").slice(0, 2000) : "";
  } catch {
    return "";
  }
}

export interface ComparisonOptions {
  readonly output: string;
  /** Files that are no longer compiled. */
  readonly left: readonly string[];
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One line a file; with `check` a unified diff of what differs. */
export function printComparison(
  compared: readonly ComparedFile[],
  { output, left, check, json, quiet }: ComparisonOptions,
): string {
  const named = compared.map(({ file, state }) => ({
    path: path.join(output, file.path).split(path.sep).join("/"),
    state,
  }));
  if (json) return `${JSON.stringify({ files: named, left })}\n`;
  if (check) return compared.map((file) => difference(file, output)).join("");
  if (quiet) return "";
  const word = { new: "wrote", changed: "wrote", same: "same " } as const;
  const lines = named.map(({ path: name, state }) => `${word[state]}  ${name}\n`);
  const old = left.map((name) => `left   ${name}: no longer generated; remove it with: rm ${shellWord(name)}\n`);
  return [...lines, ...old].join("");
}

function difference({ file, state, before }: ComparedFile, folder: string): string {
  if (state === "same") return "";
  const name = path.join(folder, file.path);
  if (before?.equals(Buffer.from(file.content))) return `${name}: is not executable\n`;
  if (typeof file.content !== "string") return `${name}: ${state === "new" ? "is missing" : "differs"}\n`;
  const from = state === "new" ? "/dev/null" : name;
  return createTwoFilesPatch(from, name, before?.toString("utf8") ?? "", file.content, "on disk", "compiled");
}
