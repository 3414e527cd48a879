import { crc32 } from "../protocol/crc32.ts";
import type { EventBody } from "../protocol/event.ts";
import type { LogStream } from "../run-log/log-lines.ts";
import { StoreError } from "../stores/store-error.ts";
import { openCapturedLog } from "./captured-log.ts";
import type { Head, StepServices } from "./step-run.ts";
import { uuidV7 } from "./uuid-v7.ts";

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

/** A log that has grown is stored this often. Milliseconds. */
const usualInterval = 30_000;

/** A log that cannot be stored does not fail its step: capturing stops, what was stored before stays. */
export function openAttemptLog(
  head: Head,
  { log, writer, logIntervalMs = usualInterval }: Pick<StepServices, "log" | "writer" | "logIntervalMs">,
): AttemptLog {
  const captured = openCapturedLog();
  let stored: Stored | undefined;
  let earlier: Stored | undefined;
  let failure: StoreError | undefined;
  let storing: Promise<void> = Promise.resolve();

  /** Stores the whole log anew where it has grown. */
  const store = async (): Promise<boolean> => {
    const { size, truncated } = captured;
    if (failure !== undefined || size === (stored?.size ?? 0)) return false;
    const key = `logs/${uuidV7()}.log`;
    const content = captured.content();
    try {
      await log.putIfAbsent(key, content);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      failure = error;
      return false;
    }
    earlier = stored;
    const bytes = content.reduce((sum, piece) => sum + piece.length, 0);
    stored = { key, bytes, crc: crc32(...content), size, truncated };
    return true;
  };

  const told = (): readonly EventBody[] => {
    if (stored === undefined) return [];
    const { key, bytes, crc, truncated } = stored;
    const cut = truncated || failure !== undefined ? ({ truncated: true } as const) : {};
    return [{ kind: "log.stored", ...head, data: { key, bytes, crc, ...cut } }];
  };

  const removeEarlier = async (): Promise<void> => {
    if (earlier === undefined) return;
    try {
      await log.delete(earlier.key);
    } catch (error) {
      // It stays: nothing refers to it.
      if (!(error instanceof StoreError)) throw error;
    }
    earlier = undefined;
  };

  const storeInBetween = async (): Promise<void> => {
    if (!(await store())) return;
    await writer.write(...told());
    await removeEarlier();
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
      const message = `the log ${stored === undefined ? "is lost" : "ends early"}: ${failure.message}`;
      return [...told(), { kind: "warning", ...head, data: { message } }];
    },
    removeEarlier,
    abandon,
  };
}

interface Stored {
  readonly key: string;
  readonly bytes: number;
  readonly crc: string;
  /** Of what was printed until then. */
  readonly size: number;
  readonly truncated: boolean;
}
