import type { CredentialSource } from "./credential-source.ts";

/** One bucket and how to reach it. */
export interface S3Bucket {
  readonly bucket: string;
  /** `https://host[:port]`; buckets are addressed by path, which every server understands. */
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: CredentialSource;
  /** A connection on which nothing happens for so long is given up. Milliseconds. */
  readonly timeoutMs: number;
  /** Certificates in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
}
