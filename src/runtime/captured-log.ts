/** What a task printed, both streams in the order of arrival; a long log keeps its head and its tail. */
export interface CapturedLog {
  add(chunk: Uint8Array): void;
  /** Bytes that were added, those left out too. */
  readonly total: number;
  /** Whether something was left out. */
  readonly truncated: boolean;
  /** What is kept, with a line in place of what is not. */
  content(): Uint8Array;
  /** The last lines, of the last 16 KiB. */
  tail(lines: number): readonly string[];
}

const mebibyte = 1024 * 1024;

/** `limit`: bytes that are kept, half of them from the beginning. */
export function openCapturedLog(limit = 10 * mebibyte): CapturedLog {
  const half = Math.floor(limit / 2);
  const ring = limit - half;
  // Grows to `limit`; then its second half is a ring.
  let bytes: Uint8Array = Buffer.alloc(0);
  let total = 0;

  const room = (needed: number): void => {
    if (needed <= bytes.length) return;
    const larger = Buffer.alloc(Math.min(limit, Math.max(needed, 2 * bytes.length)));
    larger.set(bytes);
    bytes = larger;
  };

  const content = (): Uint8Array => {
    if (total <= limit) return bytes.subarray(0, total);
    const oldest = half + ((total - half) % ring);
    const note = Buffer.from(`\n... ${total - limit} bytes left out ...\n`);
    return Buffer.concat([bytes.subarray(0, half), note, bytes.subarray(oldest), bytes.subarray(half, oldest)]);
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
    get total() {
      return total;
    },
    get truncated() {
      return total > limit;
    },
    content,
    tail: (lines) => {
      if (total === 0) return [];
      const last = Buffer.from(content().subarray(-16_384)).toString("utf8");
      return last
        .replace(/\r?\n$/, "")
        .split(/\r?\n/)
        .slice(-lines);
    },
  };
}
