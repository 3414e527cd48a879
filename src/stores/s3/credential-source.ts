import type { S3Credentials } from "./signature.ts";

/** Who asks a bucket; keys that expire are fetched anew, however long a step takes. */
export interface CredentialSource {
  /** Whether others can be had where these are refused. */
  readonly renewable: boolean;
  /** Those that hold; `renew`: others than before. Throws an error with one line for people. */
  get(renew?: boolean): Promise<S3Credentials>;
  /** For people: where they are from, and until when they hold. */
  describe(): Promise<string>;
}
