import type { Event } from "../../protocol/event.ts";

/** Follows what one other process writes into the run log. */
export interface Follower {
  /** Reads what is new now, where that is cheap or it has written nothing yet. It never rejects. */
  look(): Promise<void> | void;
  /** Reads what is left, and gives all events of the writer. Throws a StoreError where they cannot be read. */
  close(): Promise<readonly Event[]>;
}
