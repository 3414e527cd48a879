import type { Event } from "../../protocol/event.ts";
import type { TellDamage } from "./event-lines.ts";

/** A place for immutable bytes under keys (`logs/…`, `values/…`): small on purpose, so that every backend can have it. */
export interface BlobStore {
  /** Stores unless the key exists; false where it did. Whole or not at all. */
  putIfAbsent(key: string, content: BlobContent): Promise<boolean>;
  /** Null where there is none. */
  get(key: string): Promise<Uint8Array | null>;
  list(prefix: string): Promise<readonly string[]>;
  delete(key: string): Promise<void>;
}

/** In pieces where it is long: nobody need copy it. A store takes them before it waits for anything: they may change then. */
export type BlobContent = string | Uint8Array | readonly Uint8Array[];

/** For stores that need it in one piece. */
export function wholeContent(content: BlobContent): Buffer {
  if (typeof content === "string") return Buffer.from(content);
  return content instanceof Uint8Array ? Buffer.from(content) : Buffer.concat(content);
}

/** The log of one run: a grow-only set of events, claims and blobs. */
export interface RunLog extends BlobStore {
  readonly run: string;
  /**
   * Durable against the end of this process once it resolves. Every writer has its own file or object, so that writers
   * never wait for each other. The lines are in the order of `seq`.
   */
  append(events: readonly Event[]): Promise<void>;
  /**
   * Everything that is there now, in no order: doubles left out, unknown kinds kept. What is damaged is left out and told
   * of.
   */
  read(tell?: TellDamage): Promise<readonly Event[]>;
  /** Takes a name that nobody has taken (an attempt); false where somebody has. Exclusive among processes. */
  claim(name: string): Promise<boolean>;
}

/** A store of run logs. */
export interface RunLogStore {
  /** For messages: `file-system (.magnus/runs)`. */
  readonly name: string;
  /** Creates the run exclusively; null where that id exists. */
  create(run: string): Promise<RunLog | null>;
  /** A run that exists, or one that other processes create at the same time; no check. */
  open(run: string): RunLog;
  exists(run: string): Promise<boolean>;
  /** Ids of all runs, newest first where the store can tell; `any`: in whatever order costs least. */
  list(order?: "any"): Promise<readonly string[]>;
  /** What a run that begins says of a store whose claims `magnus doctor` has not found exclusive: one request; never fails. */
  unproven?(): Promise<string | undefined>;
  /** Remembers that it has, in the store. */
  markProven?(): Promise<void>;
  /** Of a server, for people: where what it is asked with comes from, and until when that holds. */
  credentials?(): Promise<string>;
  /** Deletes a run with all that belongs to it; one that does not exist is fine. */
  remove(run: string): Promise<void>;
}
