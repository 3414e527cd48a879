import type { CodeTable } from "./code-entry.ts";
import { quote, quoteList } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** What a graph and the whole pipeline mean. */
export const pipelineCodes = {
  "unknown-parameter": {
    severity: "warning",
    message: ({ key, name }: { key: string; name: string }) =>
      `${key} is ${quote(name)}, but the pipeline neither declares nor returns such a parameter`,
    hint: ({ near }: { near: string }) => `did you mean ${quote(near)}?`,
  },
  "empty-graph": {
    severity: "error",
    message: ({ what }: { what: string }) => `${what} has no steps`,
    hint: () => "add at least one step; `type: stub` does nothing",
  },
  "duplicate-step": {
    severity: "error",
    message: ({ name }: { name: string }) => `two steps of this graph have the name ${quote(name)}`,
    hint: () => "give each step its own name",
  },
  "two-terminals": {
    severity: "error",
    message: ({ kind, first, second }: { kind: string; first: string; second: string }) =>
      `${quote(first)} and ${quote(second)} are both of type ${kind}; a graph can have only one`,
    hint: ({ first }: { kind: string; first: string; second: string }) =>
      `remove one and point its edges to ${quote(first)}`,
  },
  "terminal-name-taken": {
    severity: "error",
    message: ({ name }: { name: string }) =>
      `a step is named ${quote(name)}, but that is the name of this graph's implicit end`,
    hint: ({ name }: { name: string }) => `rename the step, or declare the end under another name: \`type: ${name}\``,
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
    message: ({ name }: { name: string }) => `start_at is ${quote(name)}, the end of the graph: nothing would run`,
    hint: () => "start at a task, or at a `type: stub`, which does nothing and succeeds",
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
      `step ${quote(step)} is followed by ${quote(name)}, but no step of this graph has that name`,
    hint: ({ suggestion, elsewhere }: { suggestion: string | undefined; elsewhere: string | undefined }) =>
      didYouMean(suggestion) ??
      elsewhere ??
      "add that step, or name another; a step can be followed only by steps of the same graph",
  },
  "unknown-on-failure": {
    severity: "error",
    message: ({ step, name }: { step: string; name: string }) =>
      `step ${quote(step)} goes to ${quote(name)} on failure, but no step of this graph has that name`,
    hint: ({ suggestion, elsewhere }: { suggestion: string | undefined; elsewhere: string | undefined }) =>
      didYouMean(suggestion) ??
      elsewhere ??
      "add that step, or name another; a step can be followed only by steps of the same graph",
  },
  cycle: {
    severity: "error",
    message: ({ steps }: { steps: readonly string[] }) => `these steps form a cycle: ${printCycle(steps)}`,
    hint: () => "a graph cannot contain a cycle; repeat steps with `type: loop`, or a failing one with `max_attempts`",
  },
  unreachable: {
    severity: "warning",
    message: ({ step }: { step: string }) => `step ${quote(step)} is unreachable: no path leads to it`,
    hint: () => "name it in another step's `next` or `on_failure`, or remove it",
  },
  "no-way-to-success": {
    severity: "error",
    message: ({ what, success }: { what: string; success: string }) =>
      `${what} can never succeed: no path leads to ${quote(success)}`,
    hint: ({ success }: { what: string; success: string }) => `give the last step \`next: ${success}\``,
  },
  "guarded-parameter-name": {
    severity: "warning",
    message: ({ name }: { name: string }) =>
      `${quote(name)} is the name of a variable that changes how shells or programs run, so tasks get this parameter as $MAGNUS_PRM_${name} only`,
    hint: () => "choose another name if scripts should read it as a plain variable",
  },
  "conflicting-returns": {
    severity: "warning",
    message: ({ name, branches }: { name: string; branches: readonly string[] }) =>
      `the branches ${quoteList(branches)} all return ${quote(name)}; the last one's value is used`,
    hint: () => "rename one, or choose: `on_conflict: last` for the last value, or `list` for all values",
  },
  "object-between-images": {
    severity: "warning",
    message: ({ name, maker, reader }: { name: string; maker: string; reader: string }) =>
      `the object ${quote(name)} of step ${quote(maker)} reaches step ${quote(reader)}, which has another image`,
    hint: () =>
      "reading an object needs the packages that it was made with: give both steps the same image, or pass a file through `catalog`",
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
      `the pipeline has more than ${limit.toLocaleString("en")} steps once all included files and aliases are expanded`,
  },
} satisfies CodeTable;

/** `a -> b -> c -> a`; the middle of a long one is left out. */
function printCycle(steps: readonly string[]): string {
  const names = [...steps, ...steps.slice(0, 1)].map((step) => quote(step, 40));
  if (names.length <= 14) return names.join(" -> ");
  return [...names.slice(0, 8), `… ${names.length - 13} more …`, ...names.slice(-5)].join(" -> ");
}
