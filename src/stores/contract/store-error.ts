import { causeOf } from "../../system/error-code.ts";
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
