import { accessSync, constants } from "node:fs";
import { join } from "node:path";

export interface ShellCommand {
  readonly file: string;
  /** `{0}` stands for the script. */
  readonly args: readonly string[];
  /** Of the script's file. */
  readonly extension: string;
}

/**
 * The command of `shell:`. Without one, `bash -e`, or `sh -e` where there is no bash; `bash` alone means more:
 * `--noprofile --norc -e -o pipefail` (actions/runner, src/Runner.Worker/Handlers/ScriptHandlerHelpers.cs). Throws for
 * one that is neither known nor has `{0}`.
 *
 * @param path the PATH in which bash is looked for
 */
export function shellCommand(shell: string | undefined, path: string): ShellCommand {
  if (shell === undefined)
    return { file: hasProgram("bash", path) ? "bash" : "sh", args: ["-e", "{0}"], extension: ".sh" };
  const [file = "", ...args] = words(shell);
  const extension = extensions.get(file) ?? "";
  const known = defaults.get(file);
  if (args.length === 0 && known !== undefined) return { file, args: known, extension };
  if (!args.some((arg) => arg.includes("{0}")))
    throw new Error(
      "Invalid shell option. Shell must be a valid built-in (bash, sh, python) or a format string containing '{0}'",
    );
  return { file, args, extension };
}

const defaults: ReadonlyMap<string, readonly string[]> = new Map([
  ["bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"]],
  ["sh", ["-e", "{0}"]],
  ["python", ["{0}"]],
  ["pwsh", ["-command", ". '{0}'"]],
]);

const extensions: ReadonlyMap<string, string> = new Map([
  ["bash", ".sh"],
  ["sh", ".sh"],
  ["python", ".py"],
  ["pwsh", ".ps1"],
]);

/** Blanks between double quotes belong to a word. */
function words(text: string): readonly string[] {
  return (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ""));
}

function hasProgram(name: string, path: string): boolean {
  return path.split(":").some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
