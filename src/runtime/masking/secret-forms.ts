import { quoteAscii } from "../../protocol/json.ts";

/** Secrets that are shorter (characters) would mask half of every log. */
export const minSecretLength = 6;

/**
 * The ways in which a secret shows, as bytes in latin1: as it is; in base64 at its three shifts; escaped for URLs, JSON,
 * Python and shells, and for one of these within another; its lines likewise.
 */
export function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return [secret, secret.trim(), ...(lines.length > 1 ? lines : [])]
    .filter((text) => text.length >= minSecretLength)
    .flatMap((text) => [text, ...base64Forms(text), ...escapedForms(text)])
    .filter((form) => form.length >= minSecretLength)
    .map((form) => Buffer.from(form).toString("latin1"));
}

function escapedForms(text: string): string[] {
  // Most secrets are of letters and digits, which nothing escapes.
  if (/^[\w-]*$/.test(text)) return [];
  const url = new Set(urlForms(text));
  const others = new Set([...jsonForms(text), ...pythonForms(text), ...shellForms(text)]);
  // What is in an address may be an address; a line of a log may be an entry in JSON.
  const again = [...[...url].flatMap(urlForms), ...[...url, ...others].flatMap(jsonForms)];
  return [...new Set([...url, ...others, ...again])];
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

/** `repr` of a text and of its bytes, and `ascii`; the quote of Python's choice is escaped only where both stand in it. */
function pythonForms(text: string): string[] {
  const plain = text.replace(/[\\\p{Cc}]/gu, (sign) => pythonSigns[sign] ?? hexEscape(sign));
  const bytes = [...Buffer.from(text)].map((byte) => pythonByte(byte)).join("");
  const ascii = plain.replace(/[^\u0000-\u007f]/gu, (sign) => codePointEscape(sign));
  return [plain, bytes, ascii].flatMap((form) => [form, form.replaceAll("'", "\\'")]);
}

const pythonSigns: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function pythonByte(byte: number): string {
  const sign = String.fromCharCode(byte);
  return pythonSigns[sign] ?? (byte < 0x20 || byte > 0x7e ? hexEscape(sign) : sign);
}

function hexEscape(sign: string): string {
  return `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function codePointEscape(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** In single quotes as traces (`set -x`) print words, in double ones as `export -p`, with backslashes as `printf %q`, in `$'…'`. */
function shellForms(text: string): string[] {
  const escaped = text.replace(/[\\'\p{Cc}]/gu, (sign) => shellSigns[sign] ?? `\\${octal(sign)}`);
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replace(/[\\"$`]/g, "\\$&"),
    text.replace(/[\s'"\\|&;()<>!{}*[\]?^$`,]/g, "\\$&"),
    escaped,
    // Where the locale has no such signs.
    escaped.replace(/[^\u0000-\u007f]+/gu, (signs) =>
      [...Buffer.from(signs)].map((byte) => `\\${byte.toString(8)}`).join(""),
    ),
  ];
}

const shellSigns: Readonly<Record<string, string>> = {
  ...pythonSigns,
  "'": "\\'",
  "\u0007": "\\a",
  "\b": "\\b",
  "\u001b": "\\E",
  "\f": "\\f",
  "\v": "\\v",
};

function octal(sign: string): string {
  return sign.charCodeAt(0).toString(8).padStart(3, "0");
}
