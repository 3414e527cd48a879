import { quoteAscii } from "../protocol/json.ts";

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

/** Secrets that are shorter (characters) would mask half of every log. */
export const minSecretLength = 6;

export function redactorOf(secrets: readonly string[]): Redactor {
  // Bytes are handled as latin1 text, a character a byte: regular expressions work and any encoding survives.
  const forms = [...new Set(secrets.flatMap(formsOf))];
  if (forms.length === 0) return idleRedactor;
  const find = finderOf(forms);
  const beginnings = beginningsOf(forms);
  return {
    idle: false,
    redact: (text) => toUtf8(masked(toLatin1(text), find)),
    finds: (text) => find(toLatin1(text), 0) !== undefined,
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

/** The ways in which a secret shows: as it is, in base64 at its three shifts, in URLs, in JSON; its lines likewise. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return [secret, secret.trim(), ...(lines.length > 1 ? lines : [])]
    .filter((text) => text.length >= minSecretLength)
    .flatMap((text) => [text, ...base64Forms(text), ...urlForms(text), ...jsonForms(text)])
    .filter((form) => form.length >= minSecretLength)
    .map(toLatin1);
}

/** The digits that do not depend on what stands around the secret, for each place in a group of three bytes. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((shift) => {
    const digits = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const complete = (shift + bytes.length) % 3 === 0 ? digits.length : digits.length - 1;
    const sure = digits.slice([0, 2, 3][shift], complete);
    return [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function urlForms(text: string): string[] {
  const url = encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
  const strict = url.replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const both = [url, strict, strict.replaceAll("%7E", "~")];
  return both.flatMap((form) => [form, form.replaceAll("%20", "+"), form.replaceAll("%2F", "/")].flatMap(lowerToo));
}

/** Some print the digits of escapes in small letters. */
function lowerToo(url: string): string[] {
  return [url, url.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase())];
}

function jsonForms(text: string): string[] {
  const forms = [JSON.stringify(text), quoteAscii(text)].map((quoted) => quoted.slice(1, -1));
  return forms.flatMap((form) => [form, form.replaceAll("/", "\\/")]);
}

/** The first form in a text, not before `from`: `[start, end)`. Of several at one place the longest. */
type Finder = (text: string, from: number) => { readonly start: number; readonly end: number } | undefined;

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

function masked(text: string, find: Finder): string {
  let done = "";
  let at = 0;
  for (let found = find(text, 0); found !== undefined; found = find(text, at)) {
    done += `${text.slice(at, found.start)}***`;
    at = found.end;
  }
  return done + text.slice(at);
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
  return {
    push: (chunk) => {
      const text = held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      // What may be the beginning of a form is not decided yet, not even where a shorter form is found in it.
      const undecided = beginningAt(text, beginnings, 0);
      let done = "";
      let at = 0;
      for (let found = find(text, 0); found !== undefined && found.start < undecided; found = find(text, at)) {
        done += `${text.slice(at, found.start)}***`;
        at = found.end;
      }
      const keep = at <= undecided ? undecided : beginningAt(text, beginnings, at);
      held = text.slice(keep);
      return Buffer.from(done + text.slice(at, keep), "latin1");
    },
    end: () => {
      const rest = masked(held, find);
      held = "";
      return Buffer.from(rest, "latin1");
    },
  };
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
