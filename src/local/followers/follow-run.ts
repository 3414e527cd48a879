import type { Event } from "../../protocol/event.ts";
import { byWriter } from "../../stores/contract/event-lines.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import type { Follower } from "./follower.ts";

/** Between two looks at the log. Milliseconds; more where reading it takes long, so that it is idle most of the time. */
const interval = 1000;
const idleShare = 9;

type Seen = (events: readonly Event[]) => void;

/**
 * Follows other processes in a run log on a server, through the store's own interface: the whole log is read for all of
 * them together. `seen` gets the events of its writer as they come.
 */
export function followRun(log: RunLog): (writer: string, seen: Seen) => Follower {
  const writers = new Map<string, Writer>();
  let timer: NodeJS.Timeout | undefined;
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  let pauseMs = interval;

  const read = async (): Promise<void> => {
    next = undefined;
    const from = performance.now();
    const events = await log.read();
    pauseMs = Math.max(interval, (performance.now() - from) * idleShare);
    for (const [writer, batch] of byWriter(events)) writers.get(writer)?.take(batch);
  };
  /** Reads what is there from now on: one that is under way may have missed it. */
  const readNow = (): Promise<void> => {
    next ??= last = last.then(read, read);
    return next;
  };
  const look = (): Promise<void> => readNow().catch(() => {});
  const lookAgain = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => look().then(() => (writers.size > 0 ? lookAgain() : undefined)), pauseMs);
  };

  return (writer, seen) => {
    const own = openWriter(seen);
    if (writers.size === 0) lookAgain();
    writers.set(writer, own);
    return {
      look: () => (own.all.size === 0 ? look() : undefined),
      close: async () => {
        try {
          await readNow();
        } finally {
          writers.delete(writer);
          if (writers.size === 0) clearTimeout(timer);
        }
        return [...own.all.values()];
      },
    };
  };
}

interface Writer {
  /** By id, in their order. */
  readonly all: Map<string, Event>;
  take(events: readonly Event[]): void;
}

function openWriter(seen: Seen): Writer {
  const all = new Map<string, Event>();
  return {
    all,
    take: (events) => {
      const fresh = events.filter(({ id }) => !all.has(id));
      for (const event of fresh) all.set(event.id, event);
      if (fresh.length > 0) seen(fresh);
    },
  };
}
