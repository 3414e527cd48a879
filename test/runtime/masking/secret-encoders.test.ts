/**
 * Secrets in what the programs print that people use to encode and to quote: docs/secrets.md promises that each is masked.
 * Fed whole, and in pieces that are cut at every place.
 */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../../src/runtime/masking/redactor.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

const secrets: Readonly<Record<string, string>> = {
  "a short token": "ghp_16C7e42F",
  "a token longer than a line": "eyJhbGciOiJSUzI1NiJ9.".repeat(12),
  "a key of many lines": privateKey,
  "quotes and more": `it's a "se\\cret" $x/é&b=c, d`,
};

/** Each reads the secret from the variable S. */
const encoders: Readonly<Record<string, readonly string[]>> = {
  "base64 (76 digits a line)": ["sh", "-c", `printf 'user and some more:%s, and what follows it' "$S" | base64`],
  "base64 -w 64": ["sh", "-c", `printf 'k:%s;' "$S" | base64 -w 64`],
  "base64 -w 64 with CR LF, indented": ["sh", "-c", `printf '%s' "$S" | base64 -w 64 | sed 's/^/  /; s/$/\\r/'`],
  "openssl enc -a": ["sh", "-c", `printf '%s' "$S" | openssl enc -a`],
  "openssl enc -a -A": ["sh", "-c", `printf '%s' "$S" | openssl enc -a -A`],
  "base64.encodebytes of Python": [
    "python3",
    "-c",
    "import base64,os;print(base64.encodebytes(os.environb[b'S']).decode())",
  ],
  "repr of Python": ["python3", "-c", "import os;print([os.environ['S']])"],
  "repr of Python's bytes": ["python3", "-c", "import os;print({'k':os.environb[b'S']})"],
  "ascii of Python": ["python3", "-c", "import os;print(ascii(os.environ['S']))"],
  "json.dumps": ["python3", "-c", "import json,os;print(json.dumps({'k':os.environ['S']}))"],
  "json.dumps twice": ["python3", "-c", "import json,os;print(json.dumps(json.dumps({'k':os.environ['S']})))"],
  "json.dumps of repr": ["python3", "-c", "import json,os;print(json.dumps(repr(os.environ['S'])))"],
  "bash -x": ["bash", "-xc", ': "$S"'],
  "dash -x": ["dash", "-xc", ': "$S"'],
  "busybox sh -x": ["busybox", "sh", "-xc", ': "$S"'],
  "printf %q of bash": ["bash", "-c", 'printf "%q\\n" "$S"'],
  "@Q of bash": ["bash", "-c", 'echo "${S@Q}"'],
  "export -p": ["bash", "-c", "export -p | grep -A 99 ' S='"],
  "a URL": ["python3", "-c", "import os,urllib.parse as u;print('https://h/?k='+u.quote(os.environ['S'],safe=''))"],
  "a URL in a URL": [
    "python3",
    "-c",
    "import os,urllib.parse as u;print(u.quote(u.quote(os.environ['S'],safe=''),safe='')+' '+u.quote(u.quote_plus(os.environ['S'])))",
  ],
};

describe.each(Object.entries(secrets))("%s", (_, secret) => {
  it.each(Object.entries(encoders))("in %s", (_, [program = "", ...args]) => {
    const { stdout, stderr, error, status } = spawnSync(program, args, {
      env: { PATH: process.env.PATH, S: secret },
      // Bash takes a socket there for a remote shell, and reads its start files.
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect([error, status]).toEqual([undefined, 0]);
    const printed = Buffer.concat([stdout, stderr]);
    const redactor = redactorOf([secret]);
    const shown = redactor.redact(printed.toString());
    expect(shown).toContain("***");
    expect(readable(shown, printed.toString(), secret)).toEqual([]);
    expect(redactor.finds(printed.toString())).toBe(true);
    for (let cut = 1; cut < printed.length; cut += Math.max(1, Math.floor(printed.length / 200))) {
      const stream = redactor.stream();
      const pieces = [stream.push(printed.subarray(0, cut)), stream.push(printed.subarray(cut)), stream.end()];
      expect(Buffer.concat(pieces).toString()).toBe(shown);
    }
  });
});

/** Pieces of the encoded secret, of 12 signs, that still stand in what is shown. */
function readable(shown: string, printed: string, secret: string): readonly string[] {
  const around = /user and some more|and what follows/;
  const pieces: string[] = [];
  for (let at = 0; at + 12 <= shown.length; at++) {
    const piece = shown.slice(at, at + 12);
    if (piece.includes("***") || !printed.includes(piece) || around.test(piece)) continue;
    if (hasSecret(piece, secret)) pieces.push(piece);
  }
  return pieces;
}

/** Whether a piece tells something of the secret: as it is, or decoded at one of the shifts of base64. */
function hasSecret(piece: string, secret: string): boolean {
  const plain = piece.replace(/\\+(.)/g, "$1");
  if (secret.includes(plain.slice(2, 10))) return true;
  const digits = piece.replace(/\s/g, "");
  return [0, 1, 2, 3].some((shift) => {
    const text = Buffer.from(digits.slice(shift), "base64").toString("latin1").slice(0, 6);
    return text.length === 6 && secret.includes(text);
  });
}
