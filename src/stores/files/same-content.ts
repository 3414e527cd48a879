import { closeSync, openSync, readSync, statSync } from "node:fs";

/** Bytes that are compared at a time. */
const pieceSize = 1024 * 1024;

/**
 * Whether `other` is there and has the very bytes of `file`, which has `size` of them. Several times faster than a digest
 * of either. Throws what `node:fs` throws.
 */
export function sameContent(file: string, other: string, size: number): boolean {
  if (statSync(other, { throwIfNoEntry: false })?.size !== size) return false;
  const [one, two] = [openSync(file, "r"), openSync(other, "r")];
  try {
    const length = Math.min(pieceSize, size);
    const [left, right] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)];
    for (let at = 0; at < size; at += pieceSize) {
      const [read, alike] = [readSync(one, left, 0, length, at), readSync(two, right, 0, length, at)];
      if (read !== alike || left.compare(right, 0, read, 0, read) !== 0) return false;
    }
    return true;
  } finally {
    closeSync(one);
    closeSync(two);
  }
}
