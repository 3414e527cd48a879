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

/** Bytes in this form: the lines of `chunk`, all of them ended. */
export function formatLines(time: string, stream: LogLine["stream"], chunk: Uint8Array): Uint8Array {
  const head = Buffer.from(`${time} ${stream} F `);
  const from = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  let lines = 0;
  for (let at = from.indexOf(lineBreak); at >= 0; at = from.indexOf(lineBreak, at + 1)) lines++;
  const to = Buffer.allocUnsafe(from.length + lines * head.length);
  for (let at = 0, written = 0; at < from.length; ) {
    const end = from.indexOf(lineBreak, at) + 1;
    written += head.copy(to, written);
    written += from.copy(to, written, at, end);
    at = end;
  }
  return to;
}

/** The entry of a line that is not ended. */
export function formatPart(time: string, stream: LogLine["stream"], part: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${time} ${stream} P `), part, Buffer.from("\n")]);
}

const entryHead = /^(\S+) (stdout|stderr|magnus) ([FP]) /;
/** No head is longer. Bytes. */
const longestHead = 64;

/** The lines of a kept log in the order of their ends; what was never ended comes last. Never fails. */
export function* readLogLines(log: Uint8Array): Generator<LogLine> {
  const bytes = Buffer.from(log.buffer, log.byteOffset, log.length);
  const open = new Map<string, LogLine>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(lineBreak, at);
    const entry = bytes.subarray(at, end < 0 ? bytes.length : end);
    at = end < 0 ? bytes.length : end + 1;
    const line = readEntry(entry);
    const begun = open.get(line.stream);
    const whole = begun === undefined ? line : { ...line, time: begun.time, text: Buffer.concat([begun.text, line.text]) };
    if (whole.ended) {
      open.delete(line.stream);
      yield whole;
    } else open.set(line.stream, whole);
  }
  yield* open.values();
}

function readEntry(entry: Buffer): LogLine {
  const [head = "", time = "", stream, tag] = entryHead.exec(entry.toString("latin1", 0, longestHead)) ?? [];
  return {
    time,
    stream: stream === "stderr" || stream === "magnus" ? stream : "stdout",
    text: entry.subarray(head.length),
    ended: tag !== "P",
  };
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
