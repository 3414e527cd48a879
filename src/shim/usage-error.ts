import { exitCode } from "../protocol/exit-codes.ts";

/** The shim was called wrongly: one line for people, and the exit code. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: number;
  constructor(message: string, code: number = exitCode.badSpec) {
    super(message);
    this.code = code;
  }
}

/** By name: `install` is a bundle of its own, with its own copy of the class. */
export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === "UsageError";
}
