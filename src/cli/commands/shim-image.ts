import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { shimFiles } from "../../protocol/shim-files.ts";
import { version } from "../../protocol/version.ts";
import { packageRoot } from "../../system/package-root.ts";
import { shellWord } from "../../system/shell-quote.ts";
import { loadConfiguration } from "../input/load-pipeline.ts";
import type { ConfigurationOptions, DiagnosticOptions } from "../input/options.ts";
import { renderTemplate } from "../input/templates.ts";
import { compareFiles, printComparison, type WrittenFile, writeFiles } from "../output/output-files.ts";
import { reportBeside, reportDiagnostics } from "../output/report.ts";

export interface ShimImageOptions extends ConfigurationOptions, DiagnosticOptions {
  readonly output: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/**
 * `magnus shim image`: writes the Dockerfile and the build context of the image from which pods get the shim, and says
 * how it is built and pushed. With `check` it only compares.
 */
export async function shimImage(options: ShimImageOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const image = imageName(options, sink);
  const compared = sink.hasErrors ? [] : compareFiles(contextFiles(), options.output);
  if (options.check !== true) writeFiles(compared, options.output, sink);
  const failure = options.json ? reportBeside(sink, options) : reportDiagnostics(sink, options);
  if (failure !== undefined) return failure;
  const commands = commandsFor(image, options.output);
  if (options.json) {
    const { files } = JSON.parse(printComparison(compared, { ...options, left: [] }));
    process.stdout.write(`${JSON.stringify({ image, files, commands })}\n`);
  } else if (options.format !== "json") {
    process.stdout.write(printComparison(compared, { ...options, left: [] }));
    if (!options.check && !options.quiet)
      process.stdout.write(`\nNext:\n${commands.map((line) => `  ${line}\n`).join("")}`);
  }
  return options.check && compared.some(({ state }) => state !== "same") ? exitCode.failed : exitCode.success;
}

/** The image's name in the configuration of a target; else one with a place for the registry. */
function imageName(options: ShimImageOptions, sink: DiagnosticSink): string {
  const { targets } = loadConfiguration(options, sink);
  const named = Object.values(targets).map(({ config }) => config.shim_image);
  return named.find((image) => typeof image === "string") ?? `REGISTRY/magnus-shim:${version}`;
}

function contextFiles(): readonly WrittenFile[] {
  const names = shimFiles.map(({ name }) => name);
  return [
    { path: "Dockerfile", content: renderTemplate("shim", "Dockerfile", { version, files: names.join(" ") }) },
    ...shimFiles.map(({ name, isProgram }) => ({
      ...{ path: name, content: published(name) },
      ...(isProgram ? ({ executable: true } as const) : {}),
    })),
    { path: "launcher-x64", content: published("launcher-x64"), executable: true },
    { path: "launcher-arm64", content: published("launcher-arm64"), executable: true },
    { path: "LICENSE", content: readFileSync(path.join(packageRoot, "LICENSE")) },
    { path: "THIRD-PARTY-LICENSES.txt", content: published("THIRD-PARTY-LICENSES.txt") },
  ];
}

/** A file of the built package; from a checkout that was never built there is none. */
function published(name: string): Uint8Array {
  const file = path.join(packageRoot, "dist", name);
  if (!existsSync(file)) throw new Error(`${file} is missing; build magnus first: npm run build`);
  return readFileSync(file);
}

function commandsFor(image: string, folder: string): readonly string[] {
  return [`docker build -t ${shellWord(image)} ${shellWord(folder)}`, `docker push ${shellWord(image)}`];
}
