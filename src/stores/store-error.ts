/** A store that cannot be read or written. The message is one line for people: what, where, why. */
export class StoreError extends Error {
  /** The file, folder or address. */
  readonly path: string;
  constructor(what: string, path: string, cause: unknown) {
    super(`${what} ${path}: ${causeOf(cause)}`, { cause });
    this.name = "StoreError";
    this.path = path;
  }
}

/** The system's code for an error of `node:fs`, else undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Why something failed, without Node's `syscall 'path'` tail, which the message around it names better. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return errorCode(error) === undefined ? error.message : error.message.replace(/, \w+ '.*$/s, "");
}
