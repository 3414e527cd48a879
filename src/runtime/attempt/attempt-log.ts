import { crc32 } from "../../protocol/crc32.ts";
import type { EventBody } from "../../protocol/event.ts";
import type { LogStream } from "../../run-log/record/log-lines.ts";
import { partKey } from "../../run-log/record/stored-log.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { monotonicMs } from "../../system/monotonic-clock.ts";
import { uuidV7 } from "../../system/uuid-v7.ts";
import { openCapturedLog } from "../taken/captured-log.ts";
import type { Head, StepServices } from "./step-run.ts";

/** The log of one attempt: kept while the command runs, stored now and then, so that a long run can be followed. */
export interface AttemptLog {
  add(stream: LogStream, chunk: Uint8Array): void;
  /** Stores what is there; gives the events that tell of it, none where nothing was printed. Nothing is added after. */
  close(): Promise<readonly EventBody[]>;
  /** Removes what was stored before the last time: only once the events of {@link close} are written. */
  removeEarlier(): Promise<void>;
  /** Nothing is stored from now on. */
  abandon(): void;
}

/** What was printed is stored this often. Milliseconds. */
const usualInterval = 1000;
/** So many times in between only what is new is stored, as a part of its own; then the whole log. */
const mostParts = 30;
/** More than this is no part: the whole log, which has its limit, is stored. Bytes. */
const largestPart = 256 * 1024;
/** Storing the whole log takes at most one part of so many of the time. */
const idleShare = 10;

/** A log that cannot be stored does not fail its step: capturing stops, what was stored before stays. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one state, which all its small functions read and change
export function openAttemptLog(
  head: Head,
  { log, writer, logIntervalMs = usualInterval }: Pick<StepServices, "log" | "writer" | "logIntervalMs">,
): AttemptLog {
  const captured = openCapturedLog();
  let stored: Stored | undefined;
  let earlier: Stored | undefined;
  let failure: StoreError | undefined;
  let storing: Promise<void> = Promise.resolve();
  /** Until when the whole log is not stored again. */
  let resting = 0;

  const put = async (key: string, content: readonly Uint8Array[]): Promise<boolean> => {
    failure ??= await refusedBy(log, key, content);
    return failure === undefined;
  };

  /** Stores the whole log anew where it has grown. */
  const store = async (): Promise<boolean> => {
    const { size, truncated } = captured;
    if (failure !== undefined || (stored?.parts.length === 0 ? stored.size : 0) === size) return false;
    const from = monotonicMs();
    const { content, ...whole } = wholeOf(captured);
    if (!(await put(whole.key, content))) return false;
    earlier = stored;
    stored = { ...whole, size, truncated };
    resting = monotonicMs() + (monotonicMs() - from) * idleShare;
    return true;
  };

  const told = (): readonly EventBody[] =>
    stored === undefined ? [] : [tellStored(head, stored, failure !== undefined)];

  const removeEarlier = async (): Promise<void> => {
    if (earlier !== undefined) await removeStored(earlier, log);
    earlier = undefined;
  };

  /** What is new is a part beside the log that was stored (stored-log.ts): no event tells of it, and nothing is stored twice. */
  const storePart = async (before: Stored): Promise<void> => {
    const place = captured.flush();
    const fresh = captured.since(before.place, largestPart);
    if (before.parts.length >= mostParts || fresh === undefined) return storeAnew();
    const key = partKey(before.key, before.parts.length);
    if (await put(key, fresh)) stored = { ...before, place, seen: captured.size, parts: [...before.parts, key] };
  };

  const storeAnew = async (): Promise<void> => {
    if (monotonicMs() < resting || !(await store())) return;
    await writer.write(...told());
    await removeEarlier();
  };

  const storeInBetween = async (): Promise<void> => {
    if (failure !== undefined || captured.size === (stored?.seen ?? stored?.size ?? 0)) return;
    await (stored === undefined ? storeAnew() : storePart(stored));
  };

  const timer = setInterval(() => {
    // What cannot be written now is told of when the attempt ends.
    storing = storing.then(storeInBetween).catch(() => {});
  }, logIntervalMs).unref();

  const abandon = (): void => clearInterval(timer);
  return {
    add: (stream, chunk) => {
      if (failure === undefined) captured.add(stream, chunk);
    },
    close: async () => {
      abandon();
      await storing;
      const isNew = await store();
      if (failure === undefined) return isNew ? told() : [];
      return [...told(), tellFailure(head, failure, stored === undefined)];
    },
    removeEarlier,
    abandon,
  };
}

/** Why it could not be stored; undefined: it is. */
async function refusedBy(
  log: StepServices["log"],
  key: string,
  content: readonly Uint8Array[],
): Promise<StoreError | undefined> {
  try {
    await log.putIfAbsent(key, content);
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** All that was captured until now, under a new name. */
function wholeOf(captured: ReturnType<typeof openCapturedLog>): Omit<Stored, "size" | "truncated"> & {
  readonly content: readonly Uint8Array[];
} {
  const place = captured.flush();
  const content = captured.content();
  const bytes = content.reduce((sum, piece) => sum + piece.length, 0);
  return { key: `logs/${uuidV7()}.log`, content, bytes, crc: crc32(...content), place, parts: [] };
}

function tellStored(head: Head, { key, bytes, crc, truncated }: Stored, failed: boolean): EventBody {
  const cut = truncated || failed ? ({ truncated: true } as const) : {};
  return { kind: "log.stored", ...head, data: { key, bytes, crc, ...cut } };
}

function tellFailure(head: Head, failure: StoreError, lost: boolean): EventBody {
  const message = `the log ${lost ? "is lost" : "ends early"}: ${failure.message}`;
  return { kind: "warning", ...head, data: { message, log: lost ? "lost" : "cut" } };
}

async function removeStored({ key, parts }: Stored, log: StepServices["log"]): Promise<void> {
  try {
    for (const each of [key, ...parts]) await log.delete(each);
  } catch (error) {
    // It stays: nothing refers to it.
    if (!(error instanceof StoreError)) throw error;
  }
}

interface Stored {
  readonly key: string;
  readonly bytes: number;
  readonly crc: string;
  /** Of what was printed until then. */
  readonly size: number;
  readonly truncated: boolean;
  /** Of what was captured until then, or until the last part (captured-log.ts). */
  readonly place: number;
  /** Of what was printed until the last part; absent: there is none. */
  readonly seen?: number;
  /** Keys of what came after. */
  readonly parts: readonly string[];
}
