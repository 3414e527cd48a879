/**
 * The form in which what an attempt printed is kept: for each line its time, its stream and whether it was ended, then the
 * line as it was printed. (The container runtimes of Kubernetes write the same four fields, in the same order.)
 *
 * ```text
 * 2026-01-31T12:00:00.000Z stdout F epoch 3
 * 2026-01-31T12:00:01.000Z stderr P 42 %
 * ```
 *
 * `F`: the line was ended. `P`: it goes on in the next entry of its stream, or was never ended.
 */
export type LogStream = "stdout" | "stderr";

/** One line that was printed. */
export interface LogLine {
  /** ISO 8601, UTC, of its first byte; empty where what is read is not in this form. */
  readonly time: string;
  /** `magnus`: a remark on what was left out. */
  readonly stream: LogStream | "magnus";
  /** Without its line break. */
  readonly text: Uint8Array;
  readonly ended: boolean;
}

const lineBreak = 10;

/** The entry of one line with its line break. */
export function formatLine(time: string, stream: LogLine["stream"], line: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${time} ${stream} F `), line]);
}

/**
 * The entries of all lines of `chunk`, the last one ended too, a piece at a time: short lines become twenty times longer,
 * which is not to be held at once. A piece is good until `to` returns.
 */
export function formatLines(
  time: string,
  stream: LogLine["stream"],
  chunk: Uint8Array,
  to: (piece: Uint8Array) => void,
): void {
  const head = Buffer.from(`${time} ${stream} F `);
  scratch ??= new Uint8Array(scratchSize);
  const room = scratch;
  let used = 0;
  // Byte by byte (of plain numbers that no closure shares), which is faster than calls that copy a few bytes each.
  for (let at = 0; at < chunk.length; ) {
    if (used + head.length > scratchSize) used = handOn(room, used, to);
    for (let i = 0; i < head.length; i++) room[used++] = head[i] ?? 0;
    for (let byte = -1; at < chunk.length && byte !== lineBreak; at++) {
      if (used === scratchSize) used = handOn(room, used, to);
      byte = chunk[at] ?? 0;
      room[used++] = byte;
    }
  }
  if (used > 0) handOn(room, used, to);
}

const scratchSize = 32 * 1024;
let scratch: Uint8Array | undefined;

/** Gives what is used then. */
function handOn(room: Uint8Array, used: number, to: (piece: Uint8Array) => void): number {
  to(room.subarray(0, used));
  return 0;
}

/** The entry of a line that is not ended. */
export function formatPart(time: string, stream: LogLine["stream"], part: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${time} ${stream} P `), part, Buffer.from("\n")]);
}

const entryHead = /^(\S+) (stdout|stderr|magnus) ([FP]) /;
/** No head is longer. Bytes. */
const longestHead = 64;

/**
 * The lines of a kept log in the order of their ends. What was never ended comes last, or where something was left out.
 * Never fails.
 */
export function* readLogLines(log: Uint8Array): Generator<LogLine> {
  const open = new Map<string, Entry[]>();
  for (const entry of readEntries(Buffer.from(log.buffer, log.byteOffset, log.length))) {
    if (entry.stream === "magnus") {
      for (const parts of open.values()) yield lineOf(parts);
      open.clear();
    }
    const parts = open.get(entry.stream) ?? [];
    if (entry.ended) {
      open.delete(entry.stream);
      yield parts.length === 0 ? entry : lineOf([...parts, entry]);
    } else if (parts.length === 0) open.set(entry.stream, [entry]);
    else parts.push(entry);
  }
  for (const parts of open.values()) yield lineOf(parts);
}

type Entry = LogLine;

function* readEntries(bytes: Buffer): Generator<Entry> {
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(lineBreak, at);
    const end = found < 0 ? bytes.length : found;
    yield readEntry(bytes.subarray(at, end));
    at = end + 1;
  }
}

function readEntry(entry: Buffer): Entry {
  const [head = "", time = "", stream, tag] = entryHead.exec(entry.toString("latin1", 0, longestHead)) ?? [];
  return {
    time,
    stream: stream === "stderr" || stream === "magnus" ? stream : "stdout",
    text: entry.subarray(head.length),
    ended: tag !== "P",
  };
}

/** The line that began with the first of these and ends, or does not, with the last. */
function lineOf(parts: readonly Entry[]): LogLine {
  const { time = "", stream = "stdout" } = parts[0] ?? {};
  return { time, stream, text: Buffer.concat(parts.map(({ text }) => text)), ended: parts.at(-1)?.ended === true };
}

/** The lines as they were printed. */
export function printedText(lines: Iterable<LogLine>): Uint8Array {
  const parts: Uint8Array[] = [];
  let isOpen = false;
  for (const { text, ended } of lines) {
    if (isOpen) parts.push(newLine);
    parts.push(text);
    if (ended) parts.push(newLine);
    isOpen = !ended;
  }
  return Buffer.concat(parts);
}

const newLine = Buffer.from("\n");

/** The last lines as they were printed, of the last 64 KiB of a kept log. */
export function lastLines(log: Uint8Array, count: number): readonly string[] {
  if (log.length === 0) return [];
  const end = log.subarray(-65_536);
  // The first line of a part is torn.
  const whole = end.length === log.length ? end : end.subarray(end.indexOf(lineBreak) + 1);
  return Buffer.from(printedText(readLogLines(whole)))
    .toString("utf8")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .slice(-count);
}
