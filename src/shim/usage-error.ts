import { exitCode } from "../protocol/exit-codes.ts";

/** The shim was called wrongly: one line for people, and the exit code. */
export class UsageError extends Error {
  readonly code: number;
  constructor(message: string, code: number = exitCode.badSpec) {
    super(message);
    this.code = code;
  }
}
