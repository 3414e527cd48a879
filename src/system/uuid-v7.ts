import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/**
 * A new uuidv7 (RFC 9562). Ids of one process are in the order in which they were made: within a millisecond the 12 bits
 * after the time count up from a random start, and where they overflow, or the clock goes back, the time runs ahead.
 */
export function uuidV7(): string {
  const now = Date.now();
  if (now > time) {
    time = now;
    count = random() & 0x3ff;
  } else if (++count > 0xfff) {
    time++;
    count = random() & 0x3ff;
  }
  const stamp = time.toString(16).padStart(12, "0");
  const variant = (0x8000 | (random() & 0x3fff)).toString(16);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(count, 3)}-${variant}-${hex(random(), 4)}${hex(random(), 4)}${hex(random(), 4)}`;
}

let time = 0;
let count = 0;

/** Random numbers are taken from the system 4 KiB at a time: one at a time they cost more than the rest of an event. */
const pool = new Uint16Array(2048);
let used = pool.length;

/** 16 random bits. */
function random(): number {
  if (used === pool.length) {
    if (!fillFromDevice(pool)) randomFillSync(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

/** Where a system has this device it is what node:crypto reads, too; to load that takes longer than all else of a step. */
function fillFromDevice(bytes: Uint16Array): boolean {
  let device: number | undefined;
  try {
    device = openSync("/dev/urandom", "r");
    return readSync(device, bytes) === bytes.byteLength;
  } catch {
    return false;
  } finally {
    if (device !== undefined) closeSync(device);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
