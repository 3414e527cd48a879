import { exitCode } from "../protocol/exit-codes.ts";
import { type Json, printJson } from "../protocol/json.ts";
import { readEvents } from "../run-log/record/read-events.ts";
import { foldRun } from "../run-log/views/fold.ts";
import { openSession, readArguments } from "./session.ts";

/**
 * `show [DIR]`: prints the run's log so far, as `magnus runs show --json` does: what the in-task API asks for. The task may
 * run in another folder than the one, DIR, from which the services' folders count.
 */
export async function showRun(argv: readonly string[]): Promise<number> {
  const [folder] = readArguments(argv, {}, true).positionals;
  if (folder !== undefined) process.chdir(folder);
  const { run, services } = openSession();
  const view = foldRun(await readEvents(services.runLogStore.open(run.id)));
  process.stdout.write(`${printJson(view as unknown as Json)}\n`);
  return exitCode.success;
}
