import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { maxEnvironmentValue, metricPrefix, parameterName, parameterPrefix } from "../../protocol/environment.ts";
import { parseShellEnvironment } from "./shell-environment.ts";
import type { Answers, Prepared, TaskContext, TaskType } from "./task-type.ts";

/**
 * A script for `/bin/sh -c`, or for the step's `shell`. Its environment is read at its end by an EXIT trap that is set
 * on the script's first line, before its text, so that the shell's messages keep their line numbers. A script that sets
 * an EXIT trap of its own, or ends by `exec`, replaces it: everything works but this way of answering; no shell lets
 * two EXIT traps stand. A `shell` that is not of the Bourne family runs `-c` without a trap.
 */
export const shellTask: TaskType = {
  prepare: async ({ task, files }: TaskContext): Promise<Prepared> => {
    const command = typeof task.command === "string" ? task.command : task.command.join(" ");
    const shell = task.shell ?? "/bin/sh";
    const hasTrap = bourneShells.test(basename(shell));
    const names = (task.returns ?? []).map(({ name }) => name);
    const script = hasTrap ? `${captureTrap(names, files.result, basename(shell))}; ${command}` : command;
    return {
      kind: "command",
      file: shell,
      args: argumentsFor(script, files.script),
      answers: () => (hasTrap ? readAnswers(files.result) : {}),
    };
  },
};

const bourneShells = /^(?:sh|ash|dash|bash|posh|yash|zsh|[a-z]*ksh\d*|busybox)$/;

/** A long script goes by file: the kernel takes no argument of 128 KiB. */
function argumentsFor(script: string, file: string): readonly string[] {
  if (Buffer.byteLength(script) <= maxEnvironmentValue) return ["-c", script];
  writeFileSync(file, script);
  return [file];
}

/** Writes the environment by builtins, so without a process; of unexported variables only those that `returns` names. */
function captureTrap(names: readonly string[], file: string, shell: string): string {
  const exports = names
    .filter((name) => parameterName.test(name))
    .flatMap((name) => [name, `${parameterPrefix}${name}`, `${metricPrefix}${name}`])
    .map((name) => `${isSet(name, shell)} && export ${name}; `)
    .join("");
  const to = `>|${quote(file)} 2>/dev/null`;
  const body =
    `{ __magnus_code=$?; set +x; } 2>/dev/null; ${exports}` +
    // posh prints values without quotes.
    `if [ "\${POSH_VERSION-}" ]; then env -0 ${to}; else export -p ${to}; fi; exit $__magnus_code`;
  return `trap ${quote(body)} EXIT`;
}

/** Of an array `${name+x}` tells whether it has an element 0. */
function isSet(name: string, shell: string): string {
  return shell === "bash" ? `declare -p ${name} >/dev/null 2>&1` : `[ "\${${name}+x}" ]`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function readAnswers(file: string): Answers {
  try {
    return { environment: parseShellEnvironment(readFileSync(file)), returnsAreVariables: true };
  } catch {
    // The trap did not run: the shell was killed, replaced by exec, or the script has an EXIT trap of its own.
    return { returnsAreVariables: true };
  }
}
