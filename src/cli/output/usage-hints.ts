import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { shellWord } from "../../system/shell-quote.ts";
import { targetNames } from "../input/load-target.ts";

/** What to write instead of a command line that commander refused with `message`; undefined: nothing better is known. */
export function usageHint(message: string, argv: readonly string[]): string | undefined {
  const [, kind = "", what = ""] =
    /^error: (unknown command|unknown option|too many arguments|missing required argument|required option)[^']*'([^']*)'/.exec(
      message,
    ) ?? [];
  switch (kind) {
    case "unknown command":
      return unknownCommand(what, argv);
    case "unknown option":
      return takesParameters(argv) && !message.includes("Did you mean") ? unknownOption(what, argv) : undefined;
    case "too many arguments":
      return takesParameters(argv) ? tooMany(argv) : undefined;
    case "missing required argument":
      return /^pipelines?$/.test(what) ? missingPipeline(argv[0] ?? "run") : undefined;
    case "required option":
      return what.includes("--target")
        ? `\`magnus targets\` lists the targets: ${targetNames().join(", ")}`
        : undefined;
    default:
      return undefined;
  }
}

/** What other tools, and people in a hurry, call our commands. */
const otherNames: { readonly [word: string]: string } = {
  list: "runs list",
  ls: "runs list",
  ps: "runs list",
  history: "runs list",
  show: "runs show latest",
  status: "runs show latest",
  describe: "runs show latest",
  log: "runs log latest STEP",
  logs: "runs log latest STEP",
  export: "runs export latest",
  push: "runs push",
  pull: "runs pull",
  sync: "track sync latest",
  validate: "check",
  lint: "check",
  verify: "check",
  build: "compile",
  deploy: "compile",
  submit: "compile",
  start: "run",
  exec: "run",
  new: "init",
  create: "init",
  version: "--version",
};

function unknownCommand(word: string, argv: readonly string[]): string | undefined {
  if (argv[0] !== word) return undefined;
  const other = Object.hasOwn(otherNames, word) ? otherNames[word] : undefined;
  if (other !== undefined) return `use \`magnus ${other}\``;
  return /\.ya?ml$/.test(word) ? `write \`magnus run ${shellWord(word)}\`` : undefined;
}

function takesParameters([command = ""]: readonly string[]): boolean {
  return ["run", "execute", "compile"].includes(command);
}

/** `--lr 0.2` is mostly meant as a parameter. */
function unknownOption(option: string, argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === option || word.startsWith(`${option}=`));
  const word = argv[at] ?? "";
  if (!/^--[A-Za-z]/.test(option)) return undefined;
  const next = argv[at + 1];
  const value = word.includes("=")
    ? word.slice(word.indexOf("=") + 1)
    : next === undefined || next.startsWith("-")
      ? "…"
      : next;
  const name = option.slice(2).replaceAll("-", "_");
  return `a parameter is given as --param ${value === "…" ? `${name}=…` : shellWord(`${name}=${value}`)}`;
}

/** `--param lr 2`, `lr=2`, or a second pipeline. */
function tooMany(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word, i) => argv[i - 1] === "--param" && /^[A-Za-z_]\w*$/.test(word));
  const value = argv[at + 1];
  if (at > 0 && value !== undefined) return `write --param ${shellWord(`${argv[at]}=${value}`)}`;
  const pair = argv.find((word, i) => /^[A-Za-z_]\w*=/.test(word) && !argv[i - 1]?.startsWith("-"));
  return pair === undefined ? "one pipeline at a time" : `write --param ${shellWord(pair)}`;
}

function missingPipeline(command: string): string {
  const [first] = pipelinesHere();
  if (first === undefined) return "name the pipeline's file; `magnus init` writes a first one";
  return `name the pipeline's file: \`magnus ${command} ${shellWord(first)}\``;
}

/** Files of this folder that look like pipelines. */
function pipelinesHere(): readonly string[] {
  try {
    return readdirSync(".")
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .slice(0, 100)
      .filter((name) => /^dag:/m.test(readFileSync(path.resolve(name), "utf8")));
  } catch {
    return [];
  }
}
