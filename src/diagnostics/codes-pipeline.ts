import type { CodeTable } from "./code-entry.ts";
import { quote, quoteList } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** What a graph and the whole pipeline mean. */
export const pipelineCodes = {
  "unknown-parameter": {
    severity: "warning",
    message: ({ key, name }: { key: string; name: string }) =>
      `${key} is ${quote(name)}, but the pipeline neither declares nor returns a parameter of that name`,
    hint: ({ near }: { near: string }) => `did you mean ${quote(near)}?`,
  },
  "empty-graph": {
    severity: "error",
    message: ({ what }: { what: string }) => `${what} has no steps`,
    hint: () => "add at least one step; one that does nothing is `type: stub`",
  },
  "duplicate-step": {
    severity: "error",
    message: ({ name }: { name: string }) => `two steps of this graph are named ${quote(name)}`,
    hint: () => "give each step a name of its own",
  },
  "two-terminals": {
    severity: "error",
    message: ({ kind, first, second }: { kind: string; first: string; second: string }) =>
      `${quote(first)} and ${quote(second)} are both of type ${kind}; a graph has one`,
    hint: ({ first }: { kind: string; first: string; second: string }) =>
      `remove one and lead its edges to ${quote(first)}`,
  },
  "terminal-name-taken": {
    severity: "error",
    message: ({ name }: { name: string }) =>
      `a step is named ${quote(name)}, but that is the name of this graph's implicit terminal`,
    hint: ({ name }: { name: string }) => `rename the step, or declare a terminal of another name: \`type: ${name}\``,
  },
  "missing-start": {
    severity: "error",
    message: ({ what }: { what: string }) => `${what} does not say where it starts`,
    hint: ({ first }: { first: string | undefined }) =>
      first === undefined ? "add start_at" : `add \`start_at: ${first}\``,
  },
  "unknown-start": {
    severity: "error",
    message: ({ name }: { name: string }) => `start_at is ${quote(name)}, but no step of this graph has that name`,
    hint: ({ suggestion, known }: { suggestion: string | undefined; known: readonly string[] }) =>
      didYouMean(suggestion) ?? `steps: ${known.join(", ")}`,
  },
  "start-is-terminal": {
    severity: "error",
    message: ({ name }: { name: string }) => `start_at is ${quote(name)}, a terminal: nothing would run`,
    hint: () => "start at a step that does something; `type: stub` does nothing and succeeds",
  },
  "missing-next": {
    severity: "error",
    message: ({ step }: { step: string }) => `step ${quote(step)} does not say what comes next`,
    hint: ({ success }: { success: string }) =>
      `add \`next:\` with a step's name, or \`next: ${success}\` if it is the last`,
  },
  "unknown-next": {
    severity: "error",
    message: ({ step, name }: { step: string; name: string }) =>
      `step ${quote(step)} goes on to ${quote(name)}, but no step of this graph has that name`,
    hint: ({ suggestion, elsewhere }: { suggestion: string | undefined; elsewhere: string | undefined }) =>
      didYouMean(suggestion) ??
      elsewhere ??
      "add that step, or name another; a step can lead only to steps of its own graph",
  },
  "unknown-on-failure": {
    severity: "error",
    message: ({ step, name }: { step: string; name: string }) =>
      `step ${quote(step)} goes to ${quote(name)} on failure, but no step of this graph has that name`,
    hint: ({ suggestion, elsewhere }: { suggestion: string | undefined; elsewhere: string | undefined }) =>
      didYouMean(suggestion) ??
      elsewhere ??
      "add that step, or name another; a step can lead only to steps of its own graph",
  },
  cycle: {
    severity: "error",
    message: ({ steps }: { steps: readonly string[] }) => `these steps lead back to their first: ${printCycle(steps)}`,
    hint: () => "a graph cannot go backwards; repeat steps with `type: loop`, or a failing one with `max_attempts`",
  },
  unreachable: {
    severity: "warning",
    message: ({ step }: { step: string }) => `step ${quote(step)} never runs: no way leads to it`,
    hint: () => "let a step's `next` or `on_failure` name it, or remove it",
  },
  "no-way-to-success": {
    severity: "error",
    message: ({ what, success }: { what: string; success: string }) =>
      `${what} can never succeed: no way leads to ${quote(success)}`,
    hint: ({ success }: { what: string; success: string }) => `let the last step have \`next: ${success}\``,
  },
  "guarded-parameter-name": {
    severity: "warning",
    message: ({ name }: { name: string }) =>
      `${quote(name)} is the name of a variable that steers shells or programs, so tasks get this parameter as $MAGNUS_PRM_${name} only`,
    hint: () => "choose another name where scripts are to read it as a plain variable",
  },
  "conflicting-returns": {
    severity: "warning",
    message: ({ name, branches }: { name: string; branches: readonly string[] }) =>
      `the branches ${quoteList(branches)} all return ${quote(name)}; the last one's value counts`,
    hint: () => "rename one, or say what is meant: `on_conflict: last`, or `list` for all values",
  },
  "object-between-images": {
    severity: "warning",
    message: ({ name, maker, reader }: { name: string; maker: string; reader: string }) =>
      `the object ${quote(name)} of step ${quote(maker)} reaches step ${quote(reader)}, which has another image`,
    hint: () =>
      "what reads an object needs the packages it was made with: give both steps one image, or pass a file by `catalog`",
  },
  "map-not-a-list": {
    severity: "error",
    message: ({ step, parameter, got }: { step: string; parameter: string; got: string }) =>
      `step ${quote(step)} maps over ${quote(parameter)}, which is ${got} and not a list`,
    hint: () => "give the parameter a list, or name another one in iterate_on",
  },
  "nested-too-deep": {
    severity: "error",
    message: ({ levels }: { levels: number }) => `graphs are nested deeper than ${levels} levels here`,
  },
  "pipeline-too-large": {
    severity: "error",
    message: ({ limit }: { limit: number }) =>
      `the pipeline has more than ${limit.toLocaleString("en")} steps once all included files and aliases are written out`,
  },
} satisfies CodeTable;

/** `a -> b -> c -> a`; the middle of a long one is left out. */
function printCycle(steps: readonly string[]): string {
  const names = [...steps, ...steps.slice(0, 1)].map((step) => quote(step, 40));
  if (names.length <= 14) return names.join(" -> ");
  return [...names.slice(0, 8), `… ${names.length - 13} more …`, ...names.slice(-5)].join(" -> ");
}
