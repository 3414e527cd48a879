/** What people read in messages, hints and help is written in the words of the field; see the terms in CONTRIBUTING.md. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { forbidden } from "./phrases.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folders = ["src", "targets", "templates", "python/src"];

test("there are messages to look at", () => {
  expect(sentences.length).toBeGreaterThan(1000);
});

test.each(forbidden.map(({ phrase, write }) => [String(phrase), write, phrase] as const))(
  "no message has %s (write %s)",
  (_, __, phrase) => {
    expect(sentences.filter(({ text }) => phrase.test(text)).map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
  },
);

/** String literals of several words: what is not a sentence for people does no harm here. */
const sentences = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:ts|mjs|py|hbs)$/.test(name))
    .flatMap((name) => {
      const file = path.join(folder, name);
      return literalsOf(readFileSync(path.join(root, file), "utf8")).map((text) => ({ file, text }));
    }),
);

function literalsOf(source: string): readonly string[] {
  const withoutComments = source.replace(/^\s*(?:\/\/|#(?!!)).*$|\/\*[\s\S]*?\*\/|"""[\s\S]*?"""/gm, "");
  const literals = withoutComments.match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
  return literals.map((literal) => literal.slice(1, -1)).filter((text) => /[a-z]{2,} [a-z]/.test(text));
}
