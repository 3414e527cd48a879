import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import type { Event } from "../../protocol/event.ts";
import { parseEvents } from "../../stores/contract/event-lines.ts";
import { claimFile } from "../../stores/contract/run-log-names.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { errorCode } from "../../system/error-code.ts";
import type { Follower } from "./follower.ts";

/** How often a writer's file is looked at. Milliseconds. */
const interval = 200;

/**
 * Follows what another process writes into a run log in files: `seen` gets its events as they come. Only what is new in
 * that one file is read, however long the log is. On a server: follow-run.ts.
 */
export function followWriter(
  runLogFolder: string,
  run: string,
  writer: string,
  seen: (events: readonly Event[]) => void,
): Follower {
  const file = path.join(runLogFolder, run, "events", `${claimFile(writer)}.ndjson`);
  const all: Event[] = [];
  let at = 0;
  const readMore = (): void => {
    const bytes = readFrom(file, at);
    // A line that has no end yet is read again.
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    if (whole.length === 0) return;
    at += whole.length;
    const events = parseEvents(whole);
    all.push(...events);
    if (events.length > 0) seen(events);
  };
  const look = (): void => {
    try {
      readMore();
    } catch {
      // `close` tells.
    }
  };
  const timer = setInterval(look, interval);
  return {
    look,
    close: async () => {
      clearInterval(timer);
      try {
        readMore();
      } catch (error) {
        throw new StoreError("cannot read", file, error);
      }
      return all;
    },
  };
}

function readFrom(file: string, at: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - at));
    let length = 0;
    for (let more = 1; length < bytes.length && more > 0; length += more) {
      more = readSync(descriptor, bytes, length, bytes.length - length, at + length);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
