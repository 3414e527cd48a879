import type { Patience } from "../../system/retry.ts";

/** Where a store on a server is; variables are replaced. */
export interface S3Settings {
  readonly bucket: string;
  /** Before every key; empty: none. */
  readonly prefix: string;
  /** Absent: what AWS_ENDPOINT_URL says, else AWS. */
  readonly endpoint?: string;
  /** Absent: what AWS_REGION says, else us-east-1. */
  readonly region?: string;
}

export interface PostgresSettings {
  readonly url: string;
  /** Of the tables. */
  readonly schema: string;
  /** Host and database, for messages. */
  readonly name: string;
}

/** Who opens a store, and what may take how long. */
export interface RemoteAccess {
  readonly environment: { readonly [name: string]: string | undefined };
  /** Whether tables may be made: by the command line, never by a step. */
  readonly mayMigrate: boolean;
  /** How long a server that cannot be reached is tried; absent: {@link usualPatience}. */
  readonly patience?: Patience;
  /** How long a connection may be silent. Milliseconds; absent: 20 s. */
  readonly timeoutMs?: number;
}
