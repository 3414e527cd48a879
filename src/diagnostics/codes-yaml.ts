import type { CodeTable } from "./code-entry.ts";
import { quote } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** What is wrong with a text before it is a document. */
export const yamlCodes = {
  "yaml-tab": {
    severity: "error",
    message: () => "the indentation contains a tab; YAML allows only spaces",
    hint: () => "replace the tab with two spaces (most editors can convert the whole file)",
  },
  "yaml-indentation": {
    severity: "error",
    message: ({ token }: { token: string }) => `${quote(token)} does not match the indentation of any enclosing block`,
    hint: () => "indent all keys of a mapping, and all items of a list, by the same number of spaces",
  },
  "yaml-unclosed-quote": {
    severity: "error",
    message: ({ mark }: { mark: string }) => `the text that starts with this ${mark} has no end`,
    hint: ({ mark }: { mark: string }) => `add the closing ${mark}`,
  },
  "yaml-unclosed-bracket": {
    severity: "error",
    message: ({ open, close }: { open: string; close: string }) => `this "${open}" has no "${close}"`,
    hint: ({ open, close }: { open: string; close: string }) =>
      `add "${close}"; if the text only begins with "${open}", put it in quotes`,
  },
  "yaml-missing-comma": {
    severity: "error",
    message: ({ kind }: { kind: string }) => `a comma is missing before this in the ${kind}`,
    hint: () => "separate entries with a comma and a space",
  },
  "yaml-colon-in-text": {
    severity: "error",
    message: () => 'a second colon on this line: a value that contains ": " must be quoted',
    hint: () => "put the value in quotes, or write it below the key after a |",
  },
  "yaml-missing-colon": {
    severity: "error",
    message: ({ token }: { token: string }) => `${quote(token)} is in the place of a key, but no colon follows it`,
    hint: () => "write `key: value` (with a space after the colon), or indent the line if it continues the one above",
  },
  "yaml-bad-start": {
    severity: "error",
    message: ({ mark }: { mark: string }) => `an unquoted text cannot start with ${quote(mark)}`,
    hint: () => "put the text in quotes",
  },
  "yaml-text-after-end": {
    severity: "error",
    message: ({ token }: { token: string }) => `${quote(token)} follows the end of the value`,
    hint: () => "put the whole value into one pair of quotes, or write it below the key after a |",
  },
  "yaml-escape": {
    severity: "error",
    message: ({ sequence }: { sequence: string }) => `${quote(sequence)} is not an escape that YAML knows`,
    hint: () => "write \\\\ for a backslash, or use single quotes, in which nothing is escaped",
  },
  "yaml-missing-space": {
    severity: "error",
    message: ({ mark }: { mark: string }) => `a space is missing before ${quote(mark)}`,
    hint: ({ mark }: { mark: string }) =>
      mark === "#"
        ? "put a space before a comment; if the # belongs to the text, put it inside the quotes"
        : "add a space",
  },
  "yaml-several-documents": {
    severity: "error",
    message: () => "the file holds more than one YAML document",
    hint: () => "keep one document per file: remove the --- or ... and what follows, or move it into another file",
  },
  "yaml-unknown-tag": {
    severity: "error",
    message: ({ tag }: { tag: string }) => `unknown tag ${quote(tag)}`,
    hint: ({ tag }: { tag: string }) =>
      tag === "!" || tag.startsWith("!!")
        ? "remove the tag"
        : `remove the tag; if the text begins with "!", put it in quotes`,
  },
  "yaml-unknown-anchor": {
    severity: "error",
    message: ({ name }: { name: string; suggestion: string | undefined }) =>
      `this alias has no anchor "&${name}" before it`.replace(/[\u0000-\u001f]/g, "?"),
    hint: ({ name, suggestion }: { name: string; suggestion: string | undefined }) =>
      /[*/.]/.test(name)
        ? `a text that starts with * must be quoted: ${quote(`*${name}`)}`
        : (didYouMean(suggestion === undefined ? undefined : `*${suggestion}`) ??
          `define it earlier with &${name}; if the text only begins with *, put it in quotes`),
  },
  "yaml-recursive-alias": {
    severity: "error",
    message: ({ name }: { name: string }) => `the alias "*${name}" is used inside its own anchor`,
    hint: () => "an anchor can be used only after the end of its value",
  },
  "yaml-alias-bomb": {
    severity: "error",
    message: () => "the aliases of this file multiply to more than 2,000,000 values",
    hint: () => "aliases of aliases of lists grow exponentially; write out what is needed",
  },
  "yaml-complex-key": {
    severity: "error",
    message: () => "a list or a mapping cannot be a key",
    hint: () => "if this is a template such as {{ x }}, or begins with [ or {, put it in quotes",
  },
  "yaml-bad-merge": {
    severity: "error",
    message: () => "<< merges mappings only, and this is not one",
    hint: () => "give it the alias of a mapping, or a list of such aliases",
  },
  "yaml-too-deep": {
    severity: "error",
    message: ({ levels }: { levels: number }) => `the document is nested deeper than ${levels} levels`,
  },
  "yaml-not-finite": {
    severity: "error",
    message: ({ text }: { text: string }) => `${text} is not a number that JSON can hold`,
    hint: ({ text }: { text: string }) => `to write it as text, put it in quotes: "${text}"`,
  },
  "yaml-syntax": {
    severity: "error",
    message: ({ problem }: { problem: string; remedy: string | undefined }) => problem,
    hint: ({ remedy }: { problem: string; remedy: string | undefined }) => remedy,
  },
  "duplicate-key": {
    severity: "error",
    message: ({ key }: { key: string }) => `the key ${quote(key)} is defined twice`,
    hint: () => "remove one, or give it another name",
  },
} satisfies CodeTable;
