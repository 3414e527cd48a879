import type { EventBody } from "../protocol/event.ts";
import type { LogStream } from "../run-log/log-lines.ts";
import { StoreError } from "../stores/store-error.ts";
import { openCapturedLog } from "./captured-log.ts";
import type { Head } from "./run-attempt.ts";
import type { StepServices } from "./step-run.ts";
import { uuidV7 } from "./uuid-v7.ts";

/** The log of one attempt: kept while the command runs, stored now and then, so that a long run can be followed. */
export interface AttemptLog {
  add(stream: LogStream, chunk: Uint8Array): void;
  /** Stores what is there; gives the events that tell of it, none where nothing was printed. Nothing is added after. */
  close(): Promise<readonly EventBody[]>;
  /** The last lines, for people. */
  tail(lines: number): readonly string[];
}

/** A log that has grown is stored this often. Milliseconds. */
const usualInterval = 30_000;

/** A log that cannot be stored does not fail its step: capturing stops, what was stored before stays. */
export function openAttemptLog(
  head: Head,
  { log, writer, logIntervalMs = usualInterval }: Pick<StepServices, "log" | "writer" | "logIntervalMs">,
): AttemptLog {
  const captured = openCapturedLog();
  let stored: Stored | undefined;
  let failure: StoreError | undefined;
  let storing: Promise<void> = Promise.resolve();

  /** Stores the whole log anew; what it replaces is removed by whoever has told of it. */
  const store = async (): Promise<Stored | undefined> => {
    const before = stored;
    if (failure !== undefined || captured.size === (before?.size ?? 0)) return undefined;
    const key = `logs/${uuidV7()}.log`;
    const { size, truncated } = captured;
    const content = captured.content();
    try {
      await log.putIfAbsent(key, content);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      failure = error;
      return undefined;
    }
    stored = { key, bytes: content.length, size, truncated };
    return before;
  };

  const told = ({ key, bytes, truncated }: Stored, ended: boolean): EventBody => {
    const isCut = truncated || (ended && failure !== undefined);
    return { kind: "log.stored", ...head, data: { key, bytes, ...(isCut ? { truncated: true } : {}) } };
  };

  const storeInBetween = async (): Promise<void> => {
    const known = stored;
    const before = await store();
    if (stored === undefined || stored === known) return;
    await writer.write(told(stored, false));
    if (before !== undefined) await log.delete(before.key);
  };

  const timer = setInterval(() => {
    // An event or blob that cannot be written now is told of when the attempt ends.
    storing = storing.then(storeInBetween).catch(() => {});
  }, logIntervalMs).unref();

  return {
    add: (stream, chunk) => {
      if (failure === undefined) captured.add(stream, chunk);
    },
    close: async () => {
      clearInterval(timer);
      await storing;
      if (captured.isEmpty) return [];
      const before = await store();
      const events = stored === undefined ? [] : [told(stored, true)];
      if (before !== undefined) await removed(before.key, log);
      if (failure === undefined) return events;
      const message = `the log ${stored === undefined ? "is lost" : "ends early"}: ${failure.message}`;
      return [...events, { kind: "warning", ...head, data: { message } }];
    },
    tail: (lines) => captured.tail(lines),
  };
}

interface Stored {
  readonly key: string;
  readonly bytes: number;
  /** Of what was printed until then. */
  readonly size: number;
  readonly truncated: boolean;
}
