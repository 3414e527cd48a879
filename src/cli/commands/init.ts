import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { makeFolder } from "../../system/atomic-file.ts";
import { packageRoot } from "../../system/package-root.ts";
import { shellWord } from "../../system/shell-quote.ts";
import type { DiagnosticOptions } from "../input/options.ts";
import { type ScaffoldFile, scaffoldFiles } from "../input/scaffold.ts";
import { reasonOf } from "../input/source-files.ts";
import { reportDiagnostics } from "../output/report.ts";

/** `magnus init [DIR]`: a first pipeline and its configuration; what is there already stays as it is. */
export async function init(folder = ".", options: DiagnosticOptions): Promise<number> {
  const readTemplate = (name: string): string => readFileSync(path.join(packageRoot, "templates/init", name), "utf8");
  const sink = new DiagnosticSink();
  const lines: string[] = [];
  for (const file of scaffoldFiles(path.basename(path.resolve(folder)), readTemplate)) {
    const target = path.join(folder, file.path);
    if (existsSync(target)) lines.push(`kept   ${target}\n`);
    else if (write(target, file, sink)) lines.push(`wrote  ${target}\n`);
    else break;
  }
  if (options.format !== "json" && !options.quiet) process.stdout.write(lines.join(""));
  const failure = reportDiagnostics(sink, options);
  if (failure !== undefined) return failure;
  const place = folder === "." ? "" : `cd ${shellWord(folder)} && `;
  if (options.format !== "json" && !options.quiet) {
    process.stdout.write(`\nNext: ${place}magnus run pipeline.yaml\n`);
  }
  return exitCode.success;
}

/** False where it cannot be written, which is reported. */
function write(target: string, { content, executable }: ScaffoldFile, sink: DiagnosticSink): boolean {
  try {
    makeFolder(path.dirname(target));
    writeFileSync(target, content, { mode: executable ? 0o777 : 0o666, flag: "wx" });
    return true;
  } catch (error) {
    const hint = "name another folder: magnus init DIR";
    sink.report("cannot-write", { name: target, cause: reasonOf(error), hint });
    return false;
  }
}
