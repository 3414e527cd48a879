import { objectInWords } from "../protocol/object-value.ts";
import type { CodeTable } from "./code-entry.ts";
import { quote, quoteList } from "./quote.ts";
import { didYouMean } from "./suggest.ts";

/** `from`: the flag or variable that said it, as `--set a=b: `; empty where a place in a file is shown. */
interface From {
  readonly from: string;
}

interface Finding {
  readonly what: string;
  readonly got: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Configuration and parameters. */
export const configurationCodes = {
  "unknown-configuration-key": {
    severity: "error",
    message: ({ from, what, key }: From & { what: string; key: string }) => `${from}${what} has no key ${quote(key)}`,
    hint: ({ suggestion, known }: { suggestion: string | undefined; known: readonly string[] }) =>
      didYouMean(suggestion) ?? (known.length === 0 ? undefined : `its keys are ${quoteList(known)}`),
  },
  "unknown-service-type": {
    severity: "error",
    message: ({ from, service, type }: From & { service: string; type: string }) =>
      `${from}unknown ${service} type ${quote(type)}`,
    hint: ({ suggestion, known }: { suggestion: string | undefined; known: readonly string[] }) =>
      didYouMean(suggestion) ?? `write one of ${quoteList(known, "or")}`,
  },
  "missing-configuration-key": {
    severity: "error",
    message: ({ from, what, key }: From & { what: string; key: string }) => `${from}${what} needs \`${key}\``,
    hint: ({ key, expected }: { key: string; expected: string }) => `add \`${key}: …\`, ${expected}`,
  },
  "bad-configuration-value": {
    severity: "error",
    message: ({ from, what, expected, got }: From & { what: string; expected: string; got: string }) =>
      `${from}${what} must be ${expected}; it is ${got}`,
    hint: ({ what, expected, got }: { what: string; expected: string; got: string }) =>
      /^`(?:executor|run_log_store|catalog|secrets|experiment_tracker)`$/.test(what) &&
      expected === "a mapping" &&
      got.startsWith("the text ")
        ? `write its type under it: ${what.slice(1, -1)}: {type: ${got.slice("the text ".length).replaceAll('"', "")}}`
        : undefined,
  },
  "bad-schedule": {
    severity: "error",
    message: ({ from, what, got, problem }: From & Finding) => `${from}${what} is ${got}: ${problem}`,
    hint: ({ remedy }: Finding) => remedy,
  },
  "odd-schedule": {
    severity: "warning",
    message: ({ from, what, got, problem }: From & Finding) => `${from}${what} is ${got}: ${problem}`,
    hint: ({ remedy }: Finding) => remedy,
  },
  "duplicate-configuration-key": {
    severity: "error",
    message: ({ key }: { key: string }) => `${quote(key)} is defined twice, in two spellings`,
    hint: () => "dashes and underscores are equivalent here: keep one of the two",
  },
  "unused-configuration-key": {
    severity: "warning",
    message: ({ from, key, why }: From & { key: string; why: string }) => `${from}${quote(key)} has no effect: ${why}`,
    hint: () => "remove it",
  },
  "bad-set-flag": {
    severity: "error",
    message: ({ from, problem }: From & { problem: string }) => `${from}${problem}`,
  },
  "unset-variable": {
    severity: "error",
    message: ({ from, name, key }: From & { name: string; key: string }) =>
      `${from}the variable ${quote(name)}, used by ${key}, is not set`,
    hint: ({ name }: { name: string }) =>
      `set MAGNUS_VAR_${name} or ${name} in the environment; write $$ for a literal dollar`,
  },
  "bad-variable": {
    severity: "error",
    message: ({ from, text }: From & { text: string }) => `${from}${quote(text)} is not a variable`,
    hint: () => "write ${NAME}, with nothing else between the braces, and $$ for a dollar",
  },
  "run-log-not-shared": {
    severity: "error",
    message: ({ from, type }: From & { type: string }) =>
      `${from}the run log ${quote(type)} is kept in the memory of one process, but a compiled pipeline runs in many`,
    hint: () => "use `file-system` for compiled pipelines",
  },
  "executor-is-a-target": {
    severity: "error",
    message: ({ from, type }: From & { type: string }) =>
      `${from}the executor is ${quote(type)}, which runs elsewhere: compile the pipeline for it`,
    hint: ({ type }: { type: string }) =>
      `magnus compile --target ${type}; to run it here anyway: --set executor.type=local`,
  },
  "bad-parameter-flag": {
    severity: "error",
    message: ({ flag }: { flag: string }) => `--param ${quote(flag)} must be name=value`,
    hint: ({ flag }: { flag: string }) => `write --param ${flag.trim() || "name"}=value; the value is JSON, else text`,
  },
  "bad-parameter-name": {
    severity: "error",
    message: ({ from, name }: From & { name: string }) => `${from}${quote(name)} is not a valid parameter name`,
    hint: ({ name }: { name: string }) => nameHint(name),
  },
  "misspelt-parameter": {
    severity: "error",
    message: ({ from, name }: From & { name: string }) => `${from}the pipeline has no parameter ${quote(name)}`,
    hint: ({ name, near }: { name: string; near: string }) =>
      `did you mean ${quote(near)}? If the name is right, declare it: \`parameter_schema: {${name}: {}}\``,
  },
  "undeclared-parameter": {
    severity: "warning",
    message: ({ from, name }: From & { name: string }) =>
      `${from}the pipeline declares parameters, but not ${quote(name)}`,
    hint: ({ name, known, suggestion }: { name: string; known: readonly string[]; suggestion: string | undefined }) =>
      `${didYouMean(suggestion) ?? `it declares ${quoteList(known.slice(0, 12))}`}\nif ${quote(name)} is right, give it a default under \`parameters\``,
  },
  "parameter-of-other-type": {
    severity: "error",
    message: ({ from, name, problem }: From & { name: string; problem: string }) => `${from}\`${name}\` ${problem}`,
    hint: ({ name, expected, hint }: { name: string; expected: string; hint: string }) =>
      `${hint}\nto allow other types, too: \`parameter_schema: {${name}: {type: [${expected}, string]}}\``,
  },
  "parameter-not-text": {
    severity: "warning",
    message: ({ from, name, got }: From & { name: string; got: string }) =>
      `${from}\`${name}\` is text by default, but this is ${got}`,
    hint: () => "to write it as text, put it in quotes",
  },
  "bad-parameters-file": {
    severity: "error",
    message: ({ got }: { got: string }) => `a parameters file must be a mapping of names to values; it is ${got}`,
    hint: () => "write lines such as `learning_rate: 0.1`",
  },
  "object-in-parameter": {
    severity: "error",
    message: ({ from, name }: From & { name: string }) =>
      `${from}the parameter ${quote(name)} contains ${objectInWords} of Python`,
    hint: () => "use another key than `$object`",
  },
  "parameter-too-deep": {
    severity: "error",
    message: ({ from, name, limit }: From & { name: string; limit: number }) =>
      `${from}the parameter ${quote(name)} is nested deeper than ${limit} levels`,
    hint: () => "put it in a file and pass the file's name",
  },
  "parameter-breaks-schema": {
    severity: "error",
    message: ({ from, what, problem }: From & { what: string; problem: string }) => `${from}${what} ${problem}`,
  },
  "bad-parameter-schema": {
    severity: "error",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `the schema of parameter ${quote(name)} is not a valid JSON Schema: ${problem}`,
  },
} satisfies CodeTable;

function nameHint(name: string): string {
  if (name === "__proto__") return "this name is reserved";
  const inner = /^\$?\{*\s*(?:(?:inputs?|params?|parameters)\.)*([A-Za-z_]\w*)\s*\}*$/.exec(name)?.[1];
  if (inner !== undefined && inner !== name)
    return `write the parameter's name without anything around it: ${quote(inner)}`;
  const near = name.replace(/^(?=\d)|\W/g, "_");
  return `use letters, digits and _, not starting with a digit${/[a-z]/i.test(near) ? `: ${quote(near)}` : ""}`;
}
