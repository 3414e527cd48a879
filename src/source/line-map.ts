import type { SourceFile } from "./source-file.ts";

/** A place for people: line and column from 1; columns count characters (code points). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface LineMap {
  readonly lineCount: number;
  /** Offsets past the end are read as the end. */
  positionOf(offset: number): Position;
  /** Offset of a line's first character; `line` from 1. */
  startOf(line: number): number;
  /** The line without its line break. */
  textOf(line: number): string;
}

const maps = new WeakMap<SourceFile, LineMap>();

/** The line map of a file; built once a file. Lines end with `\n` or `\r\n`. */
export function lineMapOf(file: SourceFile): LineMap {
  const known = maps.get(file);
  if (known !== undefined) return known;
  const map = buildLineMap(file.text);
  maps.set(file, map);
  return map;
}

function buildLineMap(text: string): LineMap {
  const starts = lineStarts(text);
  const startOf = (line: number): number => starts[line - 1] ?? text.length;
  const textOf = (line: number): string => text.slice(startOf(line), starts[line] ?? text.length).replace(/\r?\n$/, "");
  return {
    lineCount: starts.length,
    startOf,
    textOf,
    positionOf: (offset) => {
      const at = Math.min(Math.max(offset, 0), text.length);
      const line = lastAtOrBelow(starts, at) + 1;
      return { line, column: countCharacters(text, startOf(line), at) + 1 };
    },
  };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lastAtOrBelow(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Code points in `[from, to)`; a byte order mark at the start of a file is no character that anybody sees. */
function countCharacters(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.charCodeAt(from) === 0xfeff && from === 0 ? 1 : from; at < to; count++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return count;
}
