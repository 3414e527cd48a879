import { crc32 } from "../../protocol/crc32.ts";
import type { Event } from "../../protocol/event.ts";
import { isEvent } from "../../protocol/is-event.ts";
import { type Json, type JsonObject, parseJson, printJson } from "../../protocol/json.ts";
import { eventVersion } from "../../protocol/version.ts";

/**
 * Events as lines of a file, one JSON object each. The last field of each, `crc`, is the CRC-32 of the bytes of its line
 * that come before it: it finds what a disk, a network or an editor changed.
 */
export function printEvents(events: readonly Event[]): string {
  return events.map(printEvent).join("");
}

function printEvent(event: Event): string {
  const open = printJson(event as unknown as JsonObject).slice(0, -1);
  return `${open},"crc":"${crc32(Buffer.from(open))}"}\n`;
}

/** One batch for each writer, in the order of `seq`: what each of them has to write. */
export function byWriter(events: readonly Event[]): Map<string, Event[]> {
  const batches = new Map<string, Event[]>();
  for (const event of events) {
    const batch = batches.get(event.writer);
    if (batch === undefined) batches.set(event.writer, [event]);
    else batch.push(event);
  }
  for (const batch of batches.values()) batch.sort((a, b) => a.seq - b.seq);
  return batches;
}

/** A line of a log that is not what was written, or that only a later version of magnus understands whole. */
export interface LineDamage {
  /** From 1. */
  readonly line: number;
  /**
   * `torn`: it has no end (its writer was killed, the disk was full, or the file was cut). `changed`: it does not fit its
   * checksum. `no-event`: it is not what an event looks like. `later-version`: it was read as far as it is understood.
   */
  readonly problem: "torn" | "changed" | "no-event" | "later-version";
}

/** `place`: the file or object, relative to the run's. */
export type TellDamage = (place: string, damage: LineDamage) => void;

/**
 * The events in the bytes of such a file. A line that is damaged is left out and told of: a writer that was killed, or a
 * full disk, leaves a torn one, at the end or, where it could write again, in the middle. Lines without a checksum are
 * those of earlier versions; among lines of the same writer that have one, they are damaged.
 */
export function parseEvents(bytes: Uint8Array, tell: (damage: LineDamage) => void = () => {}): Event[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const events: ReadLine[] = [];
  const checkedWriters = new Set<string>();
  for (let from = 0, line = 1; from < buffer.length; line++) {
    const end = buffer.indexOf(lineBreak, from);
    // What follows the last line break has no end yet: even if it parses, a number could go on.
    if (end < 0) {
      tell({ line, problem: "torn" });
      break;
    }
    const found = parseLine(buffer.subarray(from, end));
    if (typeof found === "string") tell({ line, problem: found });
    else if (found !== null) {
      events.push({ ...found, line });
      if (found.checked) checkedWriters.add(found.event.writer);
    }
    from = end + 1;
  }
  return events.flatMap(({ event, checked, line }) => {
    if (!checked && checkedWriters.has(event.writer)) {
      tell({ line, problem: "changed" });
      return [];
    }
    if (event.v > eventVersion) tell({ line, problem: "later-version" });
    return [event];
  });
}

interface ReadLine {
  readonly event: Event;
  readonly checked: boolean;
  readonly line: number;
}

const lineBreak = 10;
/** `,"crc":"00000000"}`. Bytes. */
const checkLength = 18;

/** Null: a line that is none of an event and is no damage. */
function parseLine(line: Buffer): Omit<ReadLine, "line"> | LineDamage["problem"] | null {
  if (line.length === 0) return null;
  const open = line.subarray(0, Math.max(0, line.length - checkLength));
  const crc = /^,"crc":"([0-9a-f]{8})"\}$/.exec(line.toString("latin1", open.length))?.[1];
  if (crc !== undefined && crc !== crc32(open)) return "changed";
  const value = parseObject(crc === undefined ? line.toString("utf8") : `${open.toString("utf8")}}`);
  if (value === null || !isEvent(value)) return isHead(value) ? null : "no-event";
  return { event: value, checked: crc !== undefined };
}

/** What the store itself wrote beside the events (s3-events.ts). */
function isHead(value: Json): boolean {
  return typeof value === "object" && value !== null && "joined" in value;
}

function parseObject(line: string): Json {
  try {
    return hasPlainNumbers(line) ? (JSON.parse(line) as Json) : parseJson(line);
  } catch {
    return null;
  }
}

/**
 * Whether the native parser keeps all numbers' texts. {@link parseJson} looks everywhere, and nearly every event has an id
 * (`…7e3…`) that looks like a number to it; this looks where a value can begin only, which makes reading a log 4 times
 * faster. What looks like one in a text is read the slow way.
 */
function hasPlainNumbers(line: string): boolean {
  // A regular expression over a very long line could exhaust its stack.
  return line.length < 1_000_000 && !/(?:"\s*:|[,[])\s*(?:-0|-?\d+[.eE]|-?\d{16})/.test(line);
}
