import { formatLine, formatLines, formatPart, type LogStream } from "../../run-log/record/log-lines.ts";

/** What a task printed, line by line with time and stream (log-lines.ts); a long log keeps its head and its tail. */
export interface CapturedLog {
  add(stream: LogStream, chunk: Uint8Array): void;
  /** Nothing was printed. */
  readonly isEmpty: boolean;
  /** Grows with everything that is added. */
  readonly size: number;
  /** Whether something was left out. */
  readonly truncated: boolean;
  /** What is kept, with a line in place of what is not. In pieces that are overwritten by what is added. */
  content(): readonly Uint8Array[];
  /** Takes lines that are not ended into what is kept, too; gives where that ends, a place for {@link since}. */
  flush(): number;
  /** What was kept from a place on, in such pieces; undefined where that is more than `most` bytes. */
  since(place: number, most: number): readonly Uint8Array[] | undefined;
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
    kept.add(formatLine(line.time, stream, Buffer.concat([...line.parts, chunk.subarray(0, end)])));
    return chunk.subarray(end);
  };

  const openParts = (): readonly Uint8Array[] =>
    [...open].map(([stream, { time, parts }]) => formatPart(time, stream, Buffer.concat(parts)));

  const content = (): readonly Uint8Array[] => {
    const { head, tail } = kept.parts();
    if (kept.left === 0) return [...head, ...openParts()];
    // Whole lines only, so that every line that is kept can be read.
    const [wholeHead, wholeTail] = [wholeLinesBefore(head), wholeLinesAfter(tail)];
    const left = kept.left + lengthOf(head) - lengthOf(wholeHead) + lengthOf(tail) - lengthOf(wholeTail);
    const note = formatLine(now(), "magnus", Buffer.from(`... ${left} bytes omitted ...\n`));
    return [...wholeHead, note, ...wholeTail, ...openParts()];
  };

  return {
    add: (stream, chunk) => {
      bytes += chunk.length;
      const last = chunk.lastIndexOf(10) + 1;
      if (last > 0) {
        const lines = endOpen(stream, chunk.subarray(0, last));
        if (lines.length > 0) formatLines(now(), stream, lines, kept.add);
      }
      begin(stream, chunk.subarray(last));
    },
    flush: () => {
      for (const part of openParts()) kept.add(part);
      open.clear();
      return kept.total;
    },
    since: (place, most) => (kept.total - place > most ? undefined : kept.last(kept.total - place)),
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
  /** Bytes that were added. */
  readonly total: number;
  /** Bytes between the two that are gone. */
  readonly left: number;
  /** The bytes that were added last, at most half of what is kept; in pieces, not copied. */
  last(count: number): readonly Uint8Array[];
  /** In pieces, not copied; where nothing is gone, everything is in `head`. */
  parts(): { readonly head: readonly Uint8Array[]; readonly tail: readonly Uint8Array[] };
}

/** Bytes are kept in blocks: a long log is never copied to make room, nor to be read. */
const blockSize = 64 * 1024;

function headAndTail(limit: number): HeadAndTail {
  const half = Math.floor(limit / 2);
  const ring = limit - half;
  const blocks: Uint8Array[] = [];
  let total = 0;

  /** The second half of all places is a ring. */
  const placeOf = (at: number): number => (at < limit ? at : half + ((at - half) % ring));

  /** What is kept at a place, at most to the end of its block. */
  const room = (place: number): Uint8Array => {
    const at = Math.floor(place / blockSize);
    const end = Math.min(limit, (at + 1) * blockSize);
    blocks[at] ??= Buffer.allocUnsafeSlow(end - at * blockSize);
    return blocks[at].subarray(place % blockSize);
  };

  const between = (from: number, to: number): readonly Uint8Array[] => {
    const pieces: Uint8Array[] = [];
    for (let at = from; at < to; at += pieces.at(-1)?.length ?? 0) pieces.push(room(at).subarray(0, to - at));
    return pieces;
  };

  return {
    add: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const to = room(placeOf(total));
        const piece = chunk.subarray(at, at + to.length);
        to.set(piece);
        at += piece.length;
        total += piece.length;
      }
    },
    get total() {
      return total;
    },
    get left() {
      return Math.max(0, total - limit);
    },
    last: (count) => {
      const pieces: Uint8Array[] = [];
      for (let at = total - count; at < total; at += pieces.at(-1)?.length ?? 0) {
        pieces.push(room(placeOf(at)).subarray(0, total - at));
      }
      return pieces;
    },
    parts: () => {
      if (total <= limit) return { head: between(0, total), tail: [] };
      const oldest = half + ((total - half) % ring);
      return { head: between(0, half), tail: [...between(oldest, limit), ...between(half, oldest)] };
    },
  };
}

/** Up to the last line break. */
function wholeLinesBefore(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const last = pieces.findLastIndex((piece) => piece.includes(10));
  return pieces
    .slice(0, last + 1)
    .map((piece, at) => (at < last ? piece : piece.subarray(0, piece.lastIndexOf(10) + 1)));
}

/** From after the first line break; all where there is none. */
function wholeLinesAfter(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const first = Math.max(
    0,
    pieces.findIndex((piece) => piece.includes(10)),
  );
  return pieces.slice(first).map((piece, at) => (at > 0 ? piece : piece.subarray(piece.indexOf(10) + 1)));
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
