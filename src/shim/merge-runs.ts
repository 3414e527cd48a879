import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { fileSystemRunLogStore } from "../stores/file-system-run-log.ts";
import { readArguments, readServices } from "./session.ts";
import { UsageError } from "./usage-error.ts";

/** `merge DIR…`: adds the events of run folders (as `.magnus/runs/<run>`) to the configured store; doubles stay out by their id. */
export async function mergeRuns(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments(argv, {}, true);
  if (positionals.length === 0) throw new UsageError("merge: no folder named");
  const { runLogStore } = readServices();
  for (const folder of positionals) {
    const from = fileSystemRunLogStore(path.dirname(path.resolve(folder))).open(path.basename(path.resolve(folder)));
    const into = (await runLogStore.create(from.run)) ?? runLogStore.open(from.run);
    const known = new Set((await into.read()).map((event) => event.id));
    await into.append((await from.read()).filter((event) => !known.has(event.id)));
    for (const prefix of ["logs/", "values/"]) {
      for (const key of await from.list(prefix)) {
        const content = await from.get(key);
        if (content !== null) await into.putIfAbsent(key, content);
      }
    }
    process.stderr.write(`magnus: merged ${folder}\n`);
  }
  return exitCode.success;
}
