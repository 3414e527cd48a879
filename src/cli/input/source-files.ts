import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import type { SourceFile } from "../../source/source-file.ts";
import { causeOf, errorCode } from "../../system/error-code.ts";

/** Reads a file that the user named; reports what is in the way. */
export function readSource(name: string, sink: DiagnosticSink): SourceFile | undefined {
  try {
    return { name: shownName(name), text: decode(readFileSync(name)) };
  } catch (error) {
    const near = errorCode(error) === "ENOENT" ? nearFile(name) : undefined;
    sink.report("no-such-file", { name: shownName(name), cause: reasonOf(error), remedy: remedyOf(error), near });
    return undefined;
  }
}

/** Throws where the bytes are no text, which would read as something that nobody wrote. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NotText("it is not text in UTF-8");
  }
}

class NotText extends Error {}

/** A file of the same folder that is spelt nearly so. */
function nearFile(name: string): string | undefined {
  const folder = path.dirname(name);
  try {
    const near = suggest(path.basename(name), readdirSync(folder).slice(0, 1000));
    return near === undefined ? undefined : shownName(path.join(folder, near));
  } catch {
    return undefined;
  }
}

function remedyOf(error: unknown): "another-name" | "utf-8" | "a-file" | undefined {
  if (error instanceof NotText) return "utf-8";
  if (errorCode(error) === "EISDIR") return "a-file";
  return errorCode(error) === "ENOENT" ? "another-name" : undefined;
}

/** A file's text, or undefined where there is none. */
export function readText(name: string): string | undefined {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return undefined;
  }
}

/** Relative to the working directory where it is below it, with forward slashes. */
export function shownName(name: string): string {
  const relative = path.relative(process.cwd(), path.resolve(name));
  const outside = relative === "" || relative.split(path.sep)[0] === ".." || path.isAbsolute(relative);
  const shown = outside ? name : relative;
  return shown.split(path.sep).join("/");
}

/** A pipeline's name in the files that are compiled from it: nothing of this machine, so that all machines write the same. */
export function sourceName(name: string): string {
  const shown = shownName(name);
  return path.isAbsolute(shown) ? path.basename(shown) : shown;
}

/** Why a file cannot be read or written, in plain words. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "ENOTDIR" || code === "EEXIST") return "a part of its path is a file, not a folder";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EROFS") return "the disk is read-only";
  return causeOf(error);
}
