/**
 * The calls of the shim in one run of a compiled script, and a stand-in that answers each of them as the real shim did. So
 * what a script does is seen under many shells and limits without running the steps again.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { shim } from "../support/programs.ts";

/** One call of the shim and its answer. */
export interface Call {
  readonly args: readonly string[];
  /** Of `begin` and `verdict`, what they were told by standard input. */
  readonly input: string;
  readonly code: number;
  readonly stdout: string;
  /** What is left for the script; empty where the step computes none. */
  readonly control: string;
}

/** Makes a program in a folder that passes its calls on to the real shim and notes them there. */
export function recordingShim(folder: string): string {
  mkdirSync(path.join(folder, "calls"), { recursive: true });
  return writeProgram(
    path.join(folder, "recorder"),
    `call=$(mktemp -d ${quote(path.join(folder, "calls"))}/XXXXXX)
echo "\${call##*/}" >>${quote(path.join(folder, "order"))}
${longSpec}
for argument do printf '%s\\0' "$argument"; done >"$call/args"
[ "$1" = run ] || cat >"$call/input"
script_control=\${MAGNUS_CONTROL_FILE:-}
MAGNUS_CONTROL_FILE=$call/control
export MAGNUS_CONTROL_FILE
if [ "$1" = run ]; then ${quote(shim)} "$@"; else ${quote(shim)} "$@" <"$call/input" >"$call/stdout"; fi
echo $? >"$call/code"
[ ! -f "$call/stdout" ] || cat "$call/stdout"
[ ! -f "$call/control" ] || cp "$call/control" "$script_control"
exit "$(cat "$call/code")"
`,
  );
}

/** The calls that {@link recordingShim} noted, in the order in which they began. */
export function readCalls(folder: string): readonly Call[] {
  const read = (file: string): string => {
    const [call = "", name = ""] = file.split("/");
    const all = path.join(folder, "calls", call);
    return readdirSync(all).includes(name) ? readFileSync(path.join(all, name), "utf8") : "";
  };
  return linesOf(path.join(folder, "order")).map((call) => ({
    args: read(`${call}/args`).split("\0").slice(0, -1),
    input: read(`${call}/input`),
    code: Number(read(`${call}/code`)),
    stdout: read(`${call}/stdout`),
    control: read(`${call}/control`),
  }));
}

/** A program that answers as was recorded. It notes `+N` when call N begins, `-N` when it ends, and calls that it does not know. */
export interface StandIn {
  readonly program: string;
  /** What was noted since the last time. */
  notes(): readonly string[];
}

export function standInShim(folder: string, calls: readonly Call[]): StandIn {
  const notes = path.join(folder, "notes");
  const [run = ""] = calls[0]?.stdout.split("\n") ?? [];
  // A file for each step at each item: a map of many has as many, and each call is a process that reads one.
  const answers = path.join(folder, "answers");
  mkdirSync(answers);
  for (const [name, members] of groupBy([...calls.keys()], (n) => groupOf(calls[n]))) {
    const arms = members.map((n) => `${quote(keyOf(calls[n]))}) answer ${n} ${answerOf(calls[n])} ;;\n`);
    writeFileSync(path.join(answers, name), `case "$*$input" in\n${arms.join("")}esac\n`);
  }
  const program = writeProgram(
    path.join(folder, "stand-in"),
    `input= verb=$1
${longSpec}
answer() {
  echo "+$1" >>${quote(notes)}
  printf %s "$3"
  [ "$verb" != begin ] || mktemp -d
  [ -z "$4" ] || printf %s "$4" >"$MAGNUS_CONTROL_FILE"
  echo "-$1" >>${quote(notes)}
  exit "$2"
}
[ "$1" = run ] || input=$(cat)
if [ "$1" = begin ] || [ "$MAGNUS_RUN_ID" = ${quote(run)} ]; then
  [ ! -f ${quote(answers)}/"$1 $3" ] || . ${quote(answers)}/"$1 $3"
fi
printf '?%s\n' "$*" >>${quote(notes)}
exit 70
`,
  );
  return {
    program,
    notes: () => {
      const lines = linesOf(notes);
      rmSync(notes, { force: true });
      return lines;
    },
  };
}

/** The members of each group, groups and members in their order. */
export function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** A spec that is in a file of the script's becomes an argument again. */
const longSpec = `case "\${5:-}" in @?*) [ "$1" != run ] || set -- "$1" "$2" "$3" "$4" "$(cat "\${5#@}")" ;; esac`;

/** The verb and what comes third: the items of a step. */
function groupOf(call: Call | undefined): string {
  return `${call?.args[0]} ${call?.args[2]}`;
}

/** `$(…)` takes the newlines at the end. */
function keyOf(call: Call | undefined): string {
  return call === undefined ? "" : `${call.args.join(" ")}${call.input.replace(/\n+$/, "")}`;
}

/** The second line of `begin` is a folder for temporary files, which is made anew. */
function answerOf(call: Call | undefined): string {
  if (call === undefined) return "";
  const stdout = call.args[0] === "begin" ? call.stdout.replace(/\n.*/s, "\n") : call.stdout;
  return `${call.code} ${quote(stdout)} ${quote(call.control)}`;
}

function writeProgram(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}`);
  chmodSync(file, 0o755);
  return file;
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
