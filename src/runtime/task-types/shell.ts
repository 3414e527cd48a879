import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { maxEnvironmentValue, metricPrefix, parameterName, parameterPrefix } from "../../protocol/environment-names.ts";
import type { Variables } from "../../system/environment.ts";
import { shellQuote } from "../../system/shell-quote.ts";
import { newSecretFile, type SecretFile } from "../given/secret-file.ts";
import { parseShellEnvironment } from "./shell-environment.ts";
import type { Answers, Prepared, TaskContext, TaskType } from "./task-type.ts";

/**
 * A script for `/bin/sh -c`, or for the step's `shell`. Its environment is read at its end by an EXIT trap that is set
 * on the script's first line, before its text, so that the shell's messages keep their line numbers. A script that sets
 * an EXIT trap of its own, or ends by `exec`, replaces it: everything works but this way of answering; no shell lets
 * two EXIT traps stand. A `shell` that is not of the Bourne family runs `-c` without a trap.
 *
 * The environment holds secrets, so it goes by a file without a name; where there can be none, all that the script was given
 * is taken out of it before.
 */
export const shellTask: TaskType = {
  prepare: async ({ task, files, env }: TaskContext): Promise<Prepared> => {
    const command = typeof task.command === "string" ? task.command : task.command.join(" ");
    const shell = task.shell ?? "/bin/sh";
    const hasTrap = bourneShells.test(basename(shell));
    const names = (task.returns ?? []).map(({ name }) => name);
    if (!hasTrap)
      return { kind: "command", file: shell, args: argumentsFor(command, files.script), answers: () => ({}) };
    const result = newSecretFile(files.result);
    const forgotten = result.nameless ? [] : givenNames(env, names);
    const script = `${captureTrap(names, result.path, { shell: basename(shell), forgotten })}; ${command}`;
    return {
      kind: "command",
      file: shell,
      args: argumentsFor(script, files.script),
      answers: () => readAnswers(result),
      remove: result.remove,
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

/** What a script was given and nobody asks for at its end. PATH stays, by which posh finds `env`. */
function givenNames(env: Variables, returns: readonly string[]): readonly string[] {
  return Object.keys(env).filter(
    (name) =>
      parameterName.test(name) &&
      name !== "PATH" &&
      !name.startsWith(parameterPrefix) &&
      !name.startsWith(metricPrefix) &&
      !returns.includes(name),
  );
}

/** Writes the environment by builtins, so without a process; of unexported variables only those that `returns` names. */
export function captureTrap(
  names: readonly string[],
  file: string,
  { shell, forgotten }: { readonly shell: string; readonly forgotten: readonly string[] },
): string {
  const exports = names
    .filter((name) => parameterName.test(name))
    .flatMap((name) => [name, `${parameterPrefix}${name}`, `${metricPrefix}${name}`])
    .map((name) => `${isSet(name, shell)} && export ${name}; `)
    .join("");
  const to = `>|${shellQuote(file)} 2>/dev/null`;
  // Without `command` a variable that is read-only would end the trap.
  const unset = forgotten.length === 0 ? "" : `command unset ${forgotten.join(" ")} 2>/dev/null; `;
  const body =
    `{ __magnus_code=$?; set +x; } 2>/dev/null; ${exports}${unset}` +
    // posh prints values without quotes.
    `{ echo; if [ "\${POSH_VERSION-}" ]; then env -0; else export -p; fi; } ${to}; exit $__magnus_code`;
  return `trap ${shellQuote(body)} EXIT`;
}

/** Of an array `${name+x}` tells whether it has an element 0. */
function isSet(name: string, shell: string): string {
  return shell === "bash" ? `declare -p ${name} >/dev/null 2>&1` : `[ "\${${name}+x}" ]`;
}

/** Empty where the trap did not run: the shell was killed, replaced by exec, or the script has an EXIT trap of its own. */
function readAnswers(file: SecretFile): Answers {
  const content = contentOf(file);
  if (content.length === 0) return { returnsAreVariables: true };
  // Without the line break by which it is told from none.
  return { environment: parseShellEnvironment(content.subarray(1)), returnsAreVariables: true };
}

function contentOf(file: SecretFile): Uint8Array {
  try {
    return file.read();
  } catch {
    return new Uint8Array();
  }
}
