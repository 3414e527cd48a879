import type { CodeTable } from "./code-entry.ts";
import { quote, quoteList } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** The shape of a document: keys and the types of their values. */
export const shapeCodes = {
  "empty-document": {
    severity: "error",
    message: () => "the file is empty, or only comments: there is no pipeline in it",
    hint: () => "a pipeline needs at least `dag:` with `start_at` and `steps`",
  },
  "unknown-key": {
    severity: "error",
    message: ({ key, what }: { key: string; what: string }) => `${what} has no key ${quote(key)}`,
    hint: ({
      suggestion,
      remark,
      known,
    }: {
      suggestion: string | undefined;
      remark: string | undefined;
      known: readonly string[];
    }) => didYouMean(suggestion) ?? remark ?? `known keys: ${known.join(", ")}`,
  },
  "missing-key": {
    severity: "error",
    message: ({ what, key }: { what: string; key: string }) => `${what} needs ${quote(key)}`,
    hint: ({ example }: { example: string | undefined }) =>
      example === undefined ? undefined : `for example: ${example}`,
  },
  "wrong-type": {
    severity: "error",
    message: ({ label, expected, got }: { label: string; expected: string; got: string }) =>
      `${label} should be ${expected}, but is ${got}`,
    hint: ({ remedy }: { remedy: string | undefined }) => remedy,
  },
  "bad-value": {
    severity: "error",
    message: ({ label, value }: { label: string; value: string }) => `${label} cannot be ${value}`,
    hint: ({ suggestion, allowed }: { suggestion: string | undefined; allowed: readonly string[] }) =>
      didYouMean(suggestion) ?? `use ${quoteList(allowed, "or", 12)}`,
  },
  "bad-pipeline-name": {
    severity: "error",
    message: ({ name, cause }: { name: string; cause: string }) =>
      `the pipeline cannot be named ${quote(name)}: ${cause}`,
    hint: () => "the name is used for file names; use letters, digits, spaces, dashes and underscores",
  },
  "bad-name": {
    severity: "error",
    message: ({ name, cause }: { name: string; cause: string }) => `a step cannot be named ${quote(name)}: ${cause}`,
    hint: ({ instead }: { instead: string }) => `for example ${quote(instead)}`,
  },
  "bad-environment-name": {
    severity: "error",
    message: ({ name }: { name: string }) => `${quote(name)} cannot be the name of an environment variable`,
    hint: () => "use letters, digits and underscores, not starting with a digit",
  },
  "reserved-environment-name": {
    severity: "error",
    message: ({ name }: { name: string }) => `the variable ${quote(name)} is set by magnus itself, for every step`,
    hint: () => "choose a name that does not start with MAGNUS_",
  },
  "duplicate-name": {
    severity: "warning",
    message: ({ label, name }: { label: string; name: string }) => `${label} contains ${quote(name)} twice`,
    hint: () => "remove one",
  },
  "ignored-key": {
    severity: "warning",
    message: ({ label, why }: { label: string; why: string }) => `${label} has no effect: ${why}`,
    hint: ({ instead }: { instead: string | undefined }) => instead,
  },
  "old-spelling": {
    severity: "warning",
    message: ({ label, meaning }: { label: string; meaning: string }) =>
      `${label} is an old spelling, read as ${meaning}`,
    hint: ({ instead }: { instead: string }) => `write ${instead}`,
  },
} satisfies CodeTable;
