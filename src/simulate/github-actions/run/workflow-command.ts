/** A command that a step prints to the runner: `::name key=value,key=value::data`. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: { readonly [name: string]: string };
  readonly data: string;
}

/** Those of actions/runner, src/Runner.Worker/ActionCommandManager.cs; others are plain output. */
export const commandNames: ReadonlySet<string> = new Set([
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
]);

/**
 * The command in a line of output, in the form `::name …::data` (after blanks) or in the older form `##[name …]data`.
 * Undefined: the line is output. Rules as in actions/runner, src/Runner.Common/ActionCommand.cs.
 *
 * @param stopToken while commands are stopped, the one name that counts
 */
export function readCommand(line: string, stopToken?: string): WorkflowCommand | undefined {
  const current = readCurrent(line) ?? readOlder(line);
  if (current === undefined) return undefined;
  const name = current.name.toLowerCase();
  return commandNames.has(name) || name === stopToken?.toLowerCase() ? { ...current, name } : undefined;
}

/** Whether `::stop-commands::token` may use the token. */
export function isStopToken(token: string): boolean {
  return token !== "" && token.toLowerCase() !== "pause-logging" && !commandNames.has(token.toLowerCase());
}

function readCurrent(line: string): WorkflowCommand | undefined {
  const text = line.trimStart();
  if (!text.startsWith("::")) return undefined;
  const end = text.indexOf("::", 2);
  if (end < 0) return undefined;
  return command(text.slice(2, end), ",", text.slice(end + 2), currentEscapes);
}

function readOlder(line: string): WorkflowCommand | undefined {
  const start = line.indexOf("##[");
  const end = line.indexOf("]", start);
  if (start < 0 || end < 0) return undefined;
  return command(line.slice(start + 3, end), ";", line.slice(end + 1), olderEscapes);
}

type Escapes = readonly (readonly [escaped: string, text: string])[];
/** `%` is read last, so that what it stands for is not read again. */
const dataEscapes: Escapes = [
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%25", "%"],
];
const currentEscapes = {
  data: dataEscapes,
  property: [["%3A", ":"], ["%2C", ","], ...dataEscapes],
} satisfies { data: Escapes; property: Escapes };
const older: Escapes = [["%3B", ";"], ["%5D", "]"], ...dataEscapes];
const olderEscapes = { data: older, property: older };

function command(
  head: string,
  separator: string,
  text: string,
  escapes: { readonly data: Escapes; readonly property: Escapes },
): WorkflowCommand {
  const [name, ...rest] = head.split(" ");
  const properties: { [name: string]: string } = {};
  for (const part of rest.join(" ").trim().split(separator)) {
    const equals = part.indexOf("=");
    if (equals > 0 && equals < part.length - 1)
      properties[part.slice(0, equals).toLowerCase()] = unescaped(part.slice(equals + 1), escapes.property);
  }
  return { name: name ?? "", properties, data: unescaped(text, escapes.data) };
}

function unescaped(text: string, escapes: Escapes): string {
  return escapes.reduce((result, [escaped, plain]) => result.replaceAll(escaped, plain), text);
}
