import { printGithub } from "../../diagnostics/print-github.ts";
import { printJson } from "../../diagnostics/print-json.ts";
import { printPretty } from "../../diagnostics/print-pretty.ts";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import type { DiagnosticOptions } from "../input/options.ts";
import { hasColour } from "./terminal.ts";

/** Prints what was found in the form that was asked for; `badInput` where there is an error, else undefined. */
export function reportDiagnostics(sink: DiagnosticSink, { format, quiet }: DiagnosticOptions): number | undefined {
  const found = sink.list().filter(({ severity }) => severity === "error" || quiet !== true);
  if (format === "json") process.stdout.write(printJson(found));
  else if (format === "github") process.stdout.write(printGithub(found));
  else process.stderr.write(printPretty(found, { colour: hasColour(process.stderr) }));
  return sink.hasErrors ? exitCode.badInput : undefined;
}

/**
 * The same for a command that prints its result to standard output: where nothing is wrong, nothing else stands there.
 * Warnings go to standard error (GitHub reads its commands there, too); as JSON, which keeps that silent, nowhere.
 */
export function reportBeside(sink: DiagnosticSink, options: DiagnosticOptions): number | undefined {
  if (sink.hasErrors || options.format === "pretty") return reportDiagnostics(sink, options);
  if (options.format === "github" && options.quiet !== true) process.stderr.write(printGithub(sink.list()));
  return undefined;
}
