import { existsSync } from "node:fs";
import path from "node:path";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import type { RunLog, RunLogStore } from "../../stores/contract/run-log-store.ts";
import { fileSystemRunLogStore } from "../../stores/folder/run-log.ts";

/** A run by its id, a prefix that fits one run, `latest`, or a folder that holds a run's log. */
export async function findRun(named: string, store: RunLogStore, sink: DiagnosticSink): Promise<RunLog | undefined> {
  if (existsSync(path.join(named, "events"))) {
    const folder = path.resolve(named);
    return fileSystemRunLogStore(path.dirname(folder)).open(path.basename(folder));
  }
  const runs = await store.list();
  const latest = runs[0];
  if (named === "latest" && latest !== undefined) return store.open(latest);
  if (runs.includes(named)) return store.open(named);
  const fits = runs.filter((run) => run.startsWith(named));
  const [only, second] = fits;
  if (only !== undefined && second === undefined) return store.open(only);
  if (only === undefined) sink.report("no-such-run", { run: named, store: store.name, isEmpty: latest === undefined });
  else sink.report("ambiguous-run", { run: named, fits: fits.slice(0, 5) });
  return undefined;
}
