/**
 * Base64 in lines, as `base64` and Python print it (76 digits a line) and `openssl` and PEM files have it (64): a secret in
 * it is torn by line breaks. Texts are bytes in latin1.
 */

/** Lines of digits that belong together. */
export interface WrappedRun {
  /** Its digits, without what stands between the lines. */
  readonly digits: string;
  /** Where the digit with that number stands in the text; of the number of all digits: where the run ends. */
  place(digit: number): number;
  /** How many of its digits stand before a place in the text. */
  digitsBefore(place: number): number;
  /** The text ends before the run does, for all that is known. */
  readonly isOpen: boolean;
}

/** Digits of a line that is taken for a wrapped one. */
const shortestLine = 32;
const longestLine = 128;

/**
 * The runs of a text of at least two lines. `before`: how many digits stood directly before the text. Every 32nd byte is
 * looked at, and what follows it, since one of them is among the last of each line that is long enough: logs hardly ever
 * have one, and are not to be slowed down. `bytes`: those of the text; a byte is read faster than a character.
 */
export function wrappedRuns(text: string, bytes: Uint8Array, before = 0): readonly WrappedRun[] {
  const runs: WrappedRun[] = [];
  const { length } = bytes;
  for (let at = Math.max(0, shortestLine - 1 - before); at < length; at += shortestLine) {
    const stop = Math.min(length, at + shortestLine);
    let end = at;
    while (end < stop && digit[bytes[end] ?? 0] === 1) end++;
    if (end === length || (bytes[end] !== lineFeed && bytes[end] !== carriageReturn)) continue;
    const run = runEndingAt(text, end, before);
    if (run === undefined) continue;
    runs.push(run);
    at = Math.max(at, run.place(run.digits.length) - 1);
  }
  return runs;
}

const lineFeed = 10;
const carriageReturn = 13;

/** The run whose first line ends there, where that is one of wrapped digits. */
function runEndingAt(text: string, end: number, before: number): WrappedRun | undefined {
  const start = startOfLine(text, end);
  const length = end - start + (start === 0 ? before : 0);
  return length < shortestLine || length > longestLine ? undefined : runFrom(text, start, end);
}

/** How many digits the text ends with, at most as many as a line has; `before` of them before the text. */
export function digitsAtEnd(text: string, before: number): number {
  const start = startOfLine(text, text.length);
  return Math.min(longestLine + 1, text.length - start + (start === 0 ? before : 0));
}

/** Undefined where no further line follows. */
function runFrom(text: string, start: number, end: number): WrappedRun | undefined {
  const lines: (readonly [from: number, to: number])[] = [[start, end]];
  let isOpen = end === text.length;
  for (let next = startOfNext(text, end); next !== undefined; ) {
    const to = endOfDigits(text, next);
    isOpen = to === text.length;
    if (to === next) break;
    lines.push([next, to]);
    next = startOfNext(text, to);
    isOpen ||= next === text.length;
  }
  // A line break at the end of the text: the next line is still to come.
  if (lines.length < 2 && !isOpen) return undefined;
  const digits = lines.map(([from, to]) => text.slice(from, to)).join("");
  return {
    digits,
    isOpen,
    place: (digit) => placeIn(lines, digit),
    digitsBefore: (place) => lines.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, place) - from), 0),
  };
}

function placeIn(lines: readonly (readonly [from: number, to: number])[], digit: number): number {
  let left = digit;
  for (const [from, to] of lines) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  return lines.at(-1)?.[1] ?? 0;
}

/** Where the digits of the next line begin, or would; undefined where no line break comes next. */
function startOfNext(text: string, end: number): number | undefined {
  let at = end;
  if (text.charCodeAt(at) === 13) at++;
  if (at === text.length) return at > end ? at : undefined;
  if (text.charCodeAt(at) !== 10) return undefined;
  at++;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at;
}

function startOfLine(text: string, from: number): number {
  let at = from;
  while (at > 0 && from - at <= longestLine && isDigit(text.charCodeAt(at - 1))) at--;
  return at;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** A digit of base64, or of base64 for URLs. */
function isDigit(code: number): boolean {
  return digit[code] === 1;
}

const digit = Uint8Array.from({ length: 256 }, (_, code) => (/[\w+/-]/.test(String.fromCharCode(code)) ? 1 : 0));
