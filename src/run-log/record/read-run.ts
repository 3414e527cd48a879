import type { Event } from "../../protocol/event.ts";
import type { LineDamage } from "../../stores/contract/event-lines.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { missingEvents } from "./missing-events.ts";
import { readEvents } from "./read-events.ts";

/** What can be read of a run's log, and what is wrong with the rest. */
export interface RunRead {
  readonly events: readonly Event[];
  /** For people, a line each; none: the log is what was written. */
  readonly damage: readonly string[];
}

/**
 * Reads a run for people. Damage stops nothing: what it touched is left out and told of. Throws a StoreError where the
 * store cannot be read at all.
 */
export async function readRun(log: RunLog): Promise<RunRead> {
  const damage: string[] = [];
  let later = false;
  const events = await readEvents(log, {
    line: (place, { line, problem }) => {
      if (problem === "later-version") later = true;
      else damage.push(`${place}, line ${line}: ${problems[problem]}`);
    },
    value: (problem) => damage.push(problem),
  });
  const { ofWriters, sinceClosing } = missingEvents(events);
  for (const { writer, count } of ofWriters) damage.push(`${missing(count)}, by the writer ${writer}`);
  if (sinceClosing > 0) damage.push(`${missing(sinceClosing)} that the run had when it was closed`);
  if (later) damage.push("a later version of magnus wrote this log: what this version does not know is not shown");
  return { events, damage };
}

const problems: Readonly<Record<Exclude<LineDamage["problem"], "later-version">, string>> = {
  torn: "it has no end: its writer was killed, the disk was full, or the file was cut",
  changed: "it is not what was written: its checksum differs",
  "no-event": "it is not an event",
};

function missing(count: number): string {
  return count === 1 ? "1 event is missing" : `${count} events are missing`;
}
