import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { copyRun } from "../services/copy-run.ts";
import { fileSystemRunLogStore } from "../stores/folder/run-log.ts";
import { readArguments, readServices } from "./session.ts";
import { UsageError } from "./usage-error.ts";

/** `merge DIR…`: adds the events of run folders (as `.magnus/runs/<run>`) to the configured store; doubles stay out by their id. */
export async function mergeRuns(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments(argv, {}, true);
  if (positionals.length === 0) throw new UsageError("merge: no folder named");
  const { runLogStore } = readServices();
  for (const folder of positionals) {
    const from = fileSystemRunLogStore(path.dirname(path.resolve(folder))).open(path.basename(path.resolve(folder)));
    await copyRun(from, runLogStore);
    process.stderr.write(`magnus: merged ${folder}\n`);
  }
  return exitCode.success;
}
