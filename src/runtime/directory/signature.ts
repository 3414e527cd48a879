import type { Stats } from "node:fs";

export interface Signature {
  readonly mtimeMs: number;
  readonly size: number;
}

export function signatureOf({ mtimeMs, size }: Stats): Signature {
  return { mtimeMs, size };
}

/** Times that were set are exact to some microseconds. */
export function isSame(state: Stats | undefined, { mtimeMs, size }: Signature): boolean {
  return state !== undefined && state.size === size && Math.abs(state.mtimeMs - mtimeMs) < 1;
}
