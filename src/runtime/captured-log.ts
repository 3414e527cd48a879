import { formatLines, formatPart, type LogStream } from "../run-log/log-lines.ts";

/** What a task printed, line by line with time and stream (log-lines.ts); a long log keeps its head and its tail. */
export interface CapturedLog {
  add(stream: LogStream, chunk: Uint8Array): void;
  /** Nothing was printed. */
  readonly isEmpty: boolean;
  /** Grows with everything that is added. */
  readonly size: number;
  /** Whether something was left out. */
  readonly truncated: boolean;
  /** What is kept, with a line in place of what is not. */
  content(): Uint8Array;
}

const mebibyte = 1024 * 1024;
/** A line that is longer is kept in parts. Bytes. */
const longestOpen = 16 * 1024;

/** `limit`: bytes that are kept, half of them from the beginning. */
export function openCapturedLog(limit = 10 * mebibyte, now = (): string => new Date().toISOString()): CapturedLog {
  const kept = headAndTail(limit);
  const open = new Map<LogStream, OpenLine>();
  let bytes = 0;

  const begin = (stream: LogStream, chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    const before = open.get(stream);
    if (before === undefined && chunk.length >= longestOpen) {
      kept.add(formatPart(now(), stream, chunk));
      return;
    }
    const line = before ?? { time: now(), parts: [], length: 0 };
    // A copy: the reader may use the chunk's memory again.
    line.parts.push(Buffer.from(chunk));
    line.length += chunk.length;
    open.set(stream, line);
    if (line.length < longestOpen) return;
    kept.add(formatPart(line.time, stream, Buffer.concat(line.parts)));
    open.delete(stream);
  };

  /** Ends the open line of a stream; gives what of the chunk comes after it. */
  const endOpen = (stream: LogStream, chunk: Uint8Array): Uint8Array => {
    const line = open.get(stream);
    if (line === undefined) return chunk;
    const end = chunk.indexOf(10) + 1;
    open.delete(stream);
    kept.add(formatLines(line.time, stream, Buffer.concat([...line.parts, chunk.subarray(0, end)])));
    return chunk.subarray(end);
  };

  const openParts = (): readonly Uint8Array[] =>
    [...open].map(([stream, { time, parts }]) => formatPart(time, stream, Buffer.concat(parts)));

  const content = (): Uint8Array => {
    const { head, tail } = kept.parts();
    if (kept.left === 0) return Buffer.concat([head, ...openParts()]);
    // Whole lines only, so that every line that is kept can be read.
    const wholeHead = head.subarray(0, head.lastIndexOf(10) + 1);
    const wholeTail = tail.subarray(tail.indexOf(10) + 1);
    const left = kept.left + head.length - wholeHead.length + tail.length - wholeTail.length;
    const note = formatLines(now(), "magnus", Buffer.from(`... ${left} bytes left out ...\n`));
    return Buffer.concat([wholeHead, note, wholeTail, ...openParts()]);
  };

  return {
    add: (stream, chunk) => {
      bytes += chunk.length;
      const last = chunk.lastIndexOf(10) + 1;
      if (last > 0) {
        const lines = endOpen(stream, chunk.subarray(0, last));
        if (lines.length > 0) kept.add(formatLines(now(), stream, lines));
      }
      begin(stream, chunk.subarray(last));
    },
    get isEmpty() {
      return bytes === 0;
    },
    get size() {
      return bytes;
    },
    get truncated() {
      return kept.left > 0;
    },
    content,
  };
}

interface OpenLine {
  /** Of its first byte. */
  readonly time: string;
  readonly parts: Uint8Array[];
  length: number;
}

/** Bytes of which the first and the last are kept. */
interface HeadAndTail {
  add(bytes: Uint8Array): void;
  /** Bytes between the two that are gone. */
  readonly left: number;
  /** Where nothing is gone, everything is in `head`. */
  parts(): { readonly head: Buffer; readonly tail: Buffer };
}

function headAndTail(limit: number): HeadAndTail {
  const half = Math.floor(limit / 2);
  const ring = limit - half;
  // Grows to `limit`; then its second half is a ring.
  let bytes = Buffer.alloc(0);
  let total = 0;

  const room = (needed: number): void => {
    if (needed <= bytes.length) return;
    const larger = Buffer.alloc(Math.min(limit, Math.max(needed, 2 * bytes.length)));
    larger.set(bytes);
    bytes = larger;
  };

  return {
    add: (chunk) => {
      room(Math.min(limit, total + chunk.length));
      for (let at = 0; at < chunk.length; ) {
        const place = total < limit ? total : half + ((total - half) % ring);
        const piece = chunk.subarray(at, at + limit - place);
        bytes.set(piece, place);
        at += piece.length;
        total += piece.length;
      }
    },
    get left() {
      return Math.max(0, total - limit);
    },
    parts: () => {
      if (total <= limit) return { head: bytes.subarray(0, total), tail: Buffer.alloc(0) };
      const oldest = half + ((total - half) % ring);
      const tail = Buffer.concat([bytes.subarray(oldest), bytes.subarray(half, oldest)]);
      return { head: bytes.subarray(0, half), tail };
    },
  };
}
