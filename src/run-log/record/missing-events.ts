import type { Event } from "../../protocol/event.ts";

/** Events that were written and are not there. */
export interface Missing {
  /** By writer: how many of its numbers are not there, below the highest that is. */
  readonly ofWriters: readonly { readonly writer: string; readonly count: number }[];
  /** How many fewer there are than were there when the run was closed, besides those. */
  readonly sinceClosing: number;
}

/**
 * What the events say of each other: each writer numbers its own from 1, and who closed the run counted all that were
 * there. An end of a log that was cut off before the run was closed leaves no trace in it.
 */
export function missingEvents(events: readonly Event[]): Missing {
  const numbers = new Map<string, Set<number>>();
  let atClosing = 0;
  for (const event of events) {
    const seen = numbers.get(event.writer);
    if (seen === undefined) numbers.set(event.writer, new Set([event.seq]));
    else seen.add(event.seq);
    if (event.kind === "run.finished") atClosing = Math.max(atClosing, event.data.events ?? 0);
  }
  const ofWriters = [...numbers]
    .map(([writer, seen]) => ({ writer, count: highest(seen) - seen.size }))
    .filter(({ count }) => count > 0);
  const told = ofWriters.reduce((sum, { count }) => sum + count, 0);
  return { ofWriters, sinceClosing: Math.max(0, atClosing - events.length - told) };
}

/** Not by spreading into Math.max: a writer may have more events than a call may have arguments. */
function highest(numbers: ReadonlySet<number>): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}
