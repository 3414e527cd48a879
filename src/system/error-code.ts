/** The system's code for an error of `node:fs`, else undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Why something failed, without Node's `, syscall 'path'` at its end, which the message around it names better. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (errorCode(error) === undefined) return error.message;
  return error.message.replace("syscall" in error ? /, [a-z_]+( '.*)?$/s : /, \w+ '.*$/s, "");
}
