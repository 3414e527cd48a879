import { exitCode } from "../protocol/exit-codes.ts";
import { ServiceError } from "../protocol/services.ts";
import { SpecError } from "../protocol/spec-text.ts";
import { DamagedLogError } from "../run-log/replay/damaged-log.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { isUsageError } from "./usage-error.ts";

/** Says why the shim could not do its work, and ends with the code of it. */
export function tellFailure(error: unknown): void {
  process.stderr.write(`magnus-shim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = codeOf(error);
  if (process.exitCode === exitCode.defect && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

function codeOf(error: unknown): number {
  if (isUsageError(error)) return error.code;
  if (error instanceof SpecError) return exitCode.badSpec;
  if (error instanceof ServiceError || error instanceof StoreError || error instanceof DamagedLogError)
    return exitCode.store;
  return exitCode.defect;
}
