import { formsOf } from "./secret-forms.ts";
import { digitsAtEnd, type WrappedRun, wrappedRuns } from "./wrapped-base64.ts";

/** Keeps secrets out of what is shown and stored. What is found becomes `***`. */
export interface Redactor {
  /** No secret is long enough to be found. */
  readonly idle: boolean;
  /** A whole text. */
  redact(text: string): string;
  /** Whether a text contains a secret in any of its forms. */
  finds(text: string): boolean;
  /** A stream of bytes, across the borders of its chunks. One for each stream. */
  stream(): RedactedStream;
}

export interface RedactedStream {
  /** What of the bytes so far can be handed on; the rest may be the beginning of a secret. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}

export function redactorOf(secrets: readonly string[]): Redactor {
  // Bytes are handled as latin1 text, a character a byte: regular expressions work and any encoding survives.
  const forms = [...new Set(secrets.flatMap(formsOf))];
  if (forms.length === 0) return idleRedactor;
  const find = finderOf(forms);
  const beginnings = beginningsOf(forms);
  return {
    idle: false,
    redact: (text) => toUtf8(masked(toLatin1(text), find)),
    finds: (text) => finds(toLatin1(text), find),
    stream: () => redactedStream(find, beginnings),
  };
}

const nothing = new Uint8Array(0);

const idleRedactor: Redactor = {
  idle: true,
  redact: (text) => text,
  finds: () => false,
  stream: () => ({ push: (chunk) => chunk, end: () => nothing }),
};

/** `[start, end)`. */
interface Match {
  readonly start: number;
  readonly end: number;
}

/** The first form in a text, not before `from`. Of several at one place the longest. */
type Finder = (text: string, from: number) => Match | undefined;

/** Characters of a form for which a regular expression looks; what it finds is compared with the forms. */
const prefixLength = 16;

/** V8 does not compile an expression of more than 20 KB, and all forms of a key of many lines are more. */
function finderOf(forms: readonly string[]): Finder {
  // The longest first: a form that is found is of the longest prefix that is, or is all of a shorter one.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  const prefixes = [...new Set(sorted.map((form) => form.slice(0, prefixLength)))];
  const short = sorted.filter((form) => form.length < prefixLength);
  const candidates = new Map<string, string[]>(prefixes.map((prefix) => [prefix, []]));
  for (const form of sorted) if (form.length >= prefixLength) candidates.get(form.slice(0, prefixLength))?.push(form);
  for (const [prefix, found] of candidates) found.push(...short.filter((form) => prefix.startsWith(form)));
  const search = new RegExp(prefixes.map((prefix) => prefix.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  return (text, from) => {
    search.lastIndex = from;
    for (let match = search.exec(text); match !== null; match = search.exec(text)) {
      const { index } = match;
      const form = candidates.get(match[0])?.find((one) => text.startsWith(one, index));
      if (form !== undefined) return { start: index, end: index + form.length };
      search.lastIndex = index + 1;
    }
    return undefined;
  };
}

function finds(text: string, find: Finder): boolean {
  return matchesOf(text, find, runsOf(text))(0) !== undefined;
}

function runsOf(text: string, before = 0): readonly WrappedRun[] {
  return wrappedRuns(text, Buffer.from(text, "latin1"), before);
}

function masked(text: string, find: Finder, before = 0): string {
  const next = matchesOf(text, find, runsOf(text, before));
  let done = "";
  let at = 0;
  for (let found = next(0); found !== undefined; found = next(at)) {
    done += `${text.slice(at, found.start)}***`;
    at = found.end;
  }
  return done + text.slice(at);
}

/**
 * The first match not before a place: of a form that stands in the text as it is, or that line breaks tear (wrapped
 * base64).
 */
function matchesOf(text: string, find: Finder, runs: readonly WrappedRun[]): (from: number) => Match | undefined {
  const torn = runs.flatMap(({ digits, place }) =>
    allMatches(digits, find).map(({ start, end }) => ({ start: place(start), end: place(end - 1) + 1 })),
  );
  if (torn.length === 0) return (from) => find(text, from);
  return (from) => {
    const whole = find(text, from);
    const broken = torn.find(({ start }) => start >= from);
    if (whole === undefined || broken === undefined) return whole ?? broken;
    return whole.start < broken.start || (whole.start === broken.start && whole.end > broken.end) ? whole : broken;
  };
}

function allMatches(text: string, find: Finder): readonly Match[] {
  const matches: Match[] = [];
  for (let found = find(text, 0); found !== undefined; found = find(text, found.end)) matches.push(found);
  return matches;
}

/** The forms by their first character, and the length of the longest. */
interface Beginnings {
  readonly byStart: ReadonlyMap<number, readonly string[]>;
  readonly longest: number;
}

function beginningsOf(forms: readonly string[]): Beginnings {
  const byStart = new Map<number, string[]>();
  for (const form of forms) {
    const start = form.charCodeAt(0);
    const same = byStart.get(start);
    if (same === undefined) byStart.set(start, [form]);
    else same.push(form);
  }
  return { byStart, longest: forms.reduce((most, form) => Math.max(most, form.length), 0) };
}

function redactedStream(find: Finder, beginnings: Beginnings): RedactedStream {
  let held = "";
  /** Digits of base64 directly before what is held: a line of which a part is gone is a line all the same. */
  let before = 0;
  return {
    push: (chunk) => {
      const added = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      const text = held + added.toString("latin1");
      const runs = wrappedRuns(text, held === "" ? added : Buffer.from(text, "latin1"), before);
      const next = matchesOf(text, find, runs);
      // What may be the beginning of a form is not decided yet, not even where a shorter form is found in it.
      const undecided = undecidedAt(text, beginnings, 0, runs.at(-1));
      let done = "";
      let at = 0;
      for (let found = next(0); found !== undefined && found.start < undecided; found = next(at)) {
        done += `${text.slice(at, found.start)}***`;
        at = found.end;
      }
      const keep = at <= undecided ? undecided : undecidedAt(text, beginnings, at, runs.at(-1));
      held = text.slice(keep);
      before = digitsAtEnd(text.slice(Math.max(0, keep - 256), keep), keep > 256 ? 0 : before);
      return Buffer.from(done + text.slice(at, keep), "latin1");
    },
    end: () => {
      const rest = masked(held, find, before);
      held = "";
      before = 0;
      return Buffer.from(rest, "latin1");
    },
  };
}

/** The first place, not before `from`, from which on the text may be the beginning of a form, torn by line breaks or not. */
function undecidedAt(text: string, beginnings: Beginnings, from: number, run: WrappedRun | undefined): number {
  const whole = beginningAt(text, beginnings, from);
  if (run?.isOpen !== true) return whole;
  const torn = beginningAt(run.digits, beginnings, run.digitsBefore(from));
  return torn === run.digits.length ? whole : Math.min(whole, run.place(torn));
}

/** The first place, not before `from`, whose rest is the beginning of a form; the text's end where there is none. */
function beginningAt(text: string, { byStart, longest }: Beginnings, from: number): number {
  for (let at = Math.max(from, text.length - longest + 1); at < text.length; at++) {
    const forms = byStart.get(text.charCodeAt(at));
    if (forms === undefined) continue;
    const rest = text.slice(at);
    if (forms.some((form) => form.length > rest.length && form.startsWith(rest))) return at;
  }
  return text.length;
}

function toLatin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function toUtf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
