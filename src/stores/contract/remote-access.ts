import type { Environment } from "../../system/environment.ts";
import type { Patience } from "../../system/retry.ts";

/** Who opens a store, and what may take how long. */
export interface RemoteAccess {
  readonly environment: Environment;
  /** Whether tables may be made: by the command line, never by a step. */
  readonly mayMigrate: boolean;
  /** How long a server that cannot be reached is tried; absent: {@link usualPatience}. */
  readonly patience?: Patience;
  /** How long a connection may be silent. Milliseconds; absent: 20 s. */
  readonly timeoutMs?: number;
}
