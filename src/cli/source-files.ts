import { readFileSync } from "node:fs";
import path from "node:path";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { SourceFile } from "../source/source-file.ts";

/** Reads a file that the user named; reports what is in the way. */
export function readSource(name: string, sink: DiagnosticSink): SourceFile | undefined {
  try {
    return { name: shownName(name), text: readFileSync(name, "utf8") };
  } catch (error) {
    sink.report("no-such-file", { name: shownName(name), cause: causeOf(error) });
    return undefined;
  }
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
  const shown = relative.startsWith("..") || path.isAbsolute(relative) ? name : relative;
  return shown.split(path.sep).join("/");
}

function causeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
