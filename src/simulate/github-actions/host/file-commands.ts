/** A file that a step wrote for the runner and that breaks its format; fails the step. */
export class FileCommandError extends Error {}

/**
 * The entries of GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE: `name=value`, or `name<<delimiter`, the value's lines and
 * the delimiter in a line of its own. Entries before a malformed one count: they are yielded before the error is
 * thrown. Rules and messages as in actions/runner, src/Runner.Worker/FileCommandManager.cs (EnvFileKeyValuePairs).
 */
export function* fileEntries(text: string): Generator<readonly [name: string, value: string]> {
  // A byte-order mark is no part of the text.
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  // What follows the last newline is a line only where it is not empty.
  if (lines.at(-1) === "") lines.pop();
  const lastIsWhole = text.endsWith("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      yield [line.slice(0, equals), line.slice(equals + 1)];
      continue;
    }
    if (heredoc < 0) throw new FileCommandError(`Invalid format '${line}'`);
    const name = line.slice(0, heredoc);
    const delimiter = line.slice(heredoc + 2);
    if (name === "" || delimiter === "")
      throw new FileCommandError(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
    const end = lines.indexOf(delimiter, at + 1);
    if (end < 0 && !lastIsWhole && lines.length > at + 1)
      throw new FileCommandError("Invalid value. EOF marker missing new line.");
    if (end < 0) throw new FileCommandError(`Invalid value. Matching delimiter not found '${delimiter}'`);
    yield [name, lines.slice(at + 1, end).join("\n")];
    at = end;
  }
}
