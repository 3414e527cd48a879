/** The system's code for an error of `node:fs`, else undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Why something failed, without Node's `syscall 'path'` tail, which the message around it names better. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return errorCode(error) === undefined ? error.message : error.message.replace(/, \w+ '.*$/s, "");
}
