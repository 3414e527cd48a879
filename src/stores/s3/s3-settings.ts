/** Where a store on a server is; variables are replaced. */
export interface S3Settings {
  readonly bucket: string;
  /** Before every key; empty: none. */
  readonly prefix: string;
  /** Absent or empty: what AWS_ENDPOINT_URL says, else AWS. */
  readonly endpoint?: string | undefined;
  /** Absent or empty: what AWS_REGION says, else us-east-1. */
  readonly region?: string | undefined;
}
