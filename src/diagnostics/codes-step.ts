import { stepKinds } from "../protocol/kinds.ts";
import { commandTypes } from "../protocol/step-spec.ts";
import type { CodeTable } from "./code-entry.ts";
import { quote } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** What a step says of itself. */
export const stepCodes = {
  "unknown-type": {
    severity: "error",
    message: ({ type }: { type: string }) => `unknown step type ${quote(type)}`,
    hint: ({ type, suggestion }: { type: string; suggestion: string | undefined }) =>
      commandTypes.some((word) => word === type)
        ? `write \`type: task\` and \`command_type: ${type}\``
        : (didYouMean(suggestion) ?? `types: ${[...stepKinds, "success", "fail"].join(", ")}`),
  },
  "empty-command": {
    severity: "error",
    message: ({ step }: { step: string }) => `the command of step ${quote(step)} is empty`,
    hint: () => "write what the step runs; for a step that does nothing, use `type: stub`",
  },
  "python-command": {
    severity: "error",
    message: ({ command, cause }: { command: string; cause: string }) =>
      `${quote(command)} is not the path of a Python function: ${cause}`,
    hint: ({ instead }: { instead: string | undefined }) =>
      instead ?? "write module.function, as Python would import it",
  },
  "notebook-command": {
    severity: "error",
    message: ({ command }: { command: string }) =>
      `${quote(command)} is not the file of a notebook: it does not end with .ipynb`,
    hint: ({ command }: { command: string }) =>
      /^[^.\s]+$/.test(command)
        ? `did you mean ${quote(`${command}.ipynb`)}?`
        : "name the notebook's file, or choose another command_type",
  },
  "node-command": {
    severity: "error",
    message: ({ command }: { command: string }) => `${quote(command)} does not name a function: it has no "#"`,
    hint: () => "write file#export or package#export, for example steps.ts#fit",
  },
  "container-without-image": {
    severity: "error",
    message: ({ step }: { step: string }) => `step ${quote(step)} runs a container, but has no image`,
    hint: () => "add `image:` to the step, or to `defaults` for all steps",
  },
  "bad-duration": {
    severity: "error",
    message: ({ label, text, cause }: { label: string; text: string; cause: string }) =>
      `${label}: ${text} is not a valid duration: ${cause}`,
    hint: ({ instead }: { instead: string | undefined }) =>
      instead === undefined ? "write hours, minutes and seconds, for example 90s or 1h30m" : `did you mean ${instead}?`,
  },
  "bad-quantity": {
    severity: "error",
    message: ({ label, text, kind }: { label: string; text: string; kind: string }) =>
      `${label}: ${quote(text)} is not a valid amount of ${kind}`,
    hint: ({ example }: { example: string }) => `for example ${example}`,
  },
  "bad-glob": {
    severity: "error",
    message: ({ pattern, cause }: { pattern: string; cause: string }) => `the pattern ${quote(pattern)} ${cause}`,
    hint: ({ remedy }: { remedy: string }) => remedy,
  },
  "literal-in-pattern": {
    severity: "warning",
    message: ({ pattern, what }: { pattern: string; what: string }) =>
      `the pattern ${quote(pattern)} takes ${what} literally, as part of the file's name`,
    hint: ({ remedy }: { remedy: string }) => remedy,
  },
  "nul-character": {
    severity: "error",
    message: ({ label }: { label: string }) => `${label} contains a NUL character, which cannot be passed to a process`,
    hint: () => "remove the \\0; binary data belongs in a file",
  },
  "lone-surrogate": {
    severity: "error",
    message: ({ label, text }: { label: string; text: string }) =>
      `${label} contains ${text}, half of a character, which cannot be encoded`,
    hint: () => "write both halves of the surrogate pair, or the character itself",
  },
  "env-too-long": {
    severity: "error",
    message: ({ name, bytes, limit }: { name: string; bytes: number; limit: number }) =>
      `the value of ${quote(name)} has ${bytes} bytes; the limit for a variable is ${limit}`,
    hint: () => "put it in a file and pass the file's name",
  },
  "bad-reducer": {
    severity: "error",
    message: ({ text }: { text: string }) => `the reducer ${quote(text)} is code, which magnus never evaluates`,
    hint: () => "use `reduce:` with list, last, sum, min, max, concat, object or none",
  },
  "two-reducers": {
    severity: "error",
    message: () => "`reduce` and `reducer` mean the same; only one of them is allowed",
    hint: () => "keep `reduce`",
  },
  "unknown-default": {
    severity: "error",
    message: ({ name }: { name: string }) => `the default ${quote(name)} is not a branch of this conditional`,
    hint: ({ suggestion, branches }: { suggestion: string | undefined; branches: readonly string[] }) =>
      didYouMean(suggestion) ?? `branches: ${branches.slice(0, 12).join(", ")}`,
  },
  "python-boolean-branch": {
    severity: "warning",
    message: ({ name, json }: { name: string; json: string }) =>
      `the branch ${quote(name)} is read as ${quote(json)}, the JSON form of that boolean`,
    hint: ({ json }: { name: string; json: string }) => `name it ${json}`,
  },
  "empty-branches": {
    severity: "error",
    message: ({ step }: { step: string }) => `step ${quote(step)} has no branches`,
    hint: () => "give it at least one branch: a name, and below it a graph with start_at and steps",
  },
  "dag-source": {
    severity: "error",
    message: ({ step, both }: { step: string; both: boolean }) =>
      both
        ? `step ${quote(step)} has both "dag_definition" and "dag"`
        : `step ${quote(step)} needs "dag_definition" (a file) or "dag" (a graph)`,
    hint: ({ both }: { step: string; both: boolean }) =>
      both ? "keep one of them" : "for example: dag_definition: other.yaml",
  },
  "missing-file": {
    severity: "error",
    message: ({ name }: { name: string }) => `the file ${quote(name)} does not exist`,
    hint: ({ tried }: { tried: readonly string[] }) =>
      `looked for ${tried.map((name) => quote(name, 120)).join(", then ")}`,
  },
  "inclusion-cycle": {
    severity: "error",
    message: ({ cycle }: { cycle: readonly string[] }) => `this file includes itself: ${cycle.join(" -> ")}`,
    hint: () => "a file cannot be part of itself; repeat with a loop or a map instead",
  },
} satisfies CodeTable;
