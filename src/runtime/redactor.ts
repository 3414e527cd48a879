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
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  if (forms.length === 0) return idleRedactor;
  const search = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  const redact = (latin1: string): string => latin1.replace(search, "***");
  return {
    idle: false,
    redact: (text) => toUtf8(redact(toLatin1(text))),
    finds: (text) => {
      search.lastIndex = 0;
      return search.test(toLatin1(text));
    },
    stream: () => redactedStream(search, forms),
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

function redactedStream(search: RegExp, forms: readonly string[]): RedactedStream {
  let held = "";
  return {
    push: (chunk) => {
      const text = held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      // What may be the beginning of a form is not decided yet, not even where a shorter form is found in it.
      const undecided = beginningAt(text, forms, 0);
      let done = "";
      let at = 0;
      search.lastIndex = 0;
      for (let found = search.exec(text); found !== null && found.index < undecided; found = search.exec(text)) {
        done += `${text.slice(at, found.index)}***`;
        at = search.lastIndex;
      }
      const keep = at <= undecided ? undecided : beginningAt(text, forms, at);
      held = text.slice(keep);
      return Buffer.from(done + text.slice(at, keep), "latin1");
    },
    end: () => {
      const rest = held.replace(search, "***");
      held = "";
      return Buffer.from(rest, "latin1");
    },
  };
}

/** The first place, not before `from`, whose rest is the beginning of a form; the text's end where there is none. */
function beginningAt(text: string, forms: readonly string[], from: number): number {
  let first = text.length;
  for (const form of forms) {
    for (let at = Math.max(from, text.length - form.length + 1); at < first; at++) {
      if (text[at] === form[0] && form.startsWith(text.slice(at))) first = at;
    }
  }
  return first;
}

function toLatin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function toUtf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
