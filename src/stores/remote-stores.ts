/**
 * Phase: stores that reach a server. In: where it is, with variables replaced, and the environment, which has the
 * credentials. Out: a store. A bundle of its own beside the shim (dist/stores.cjs), loaded when it is first used; see
 * lazy-stores.ts.
 */
import type { CatalogStore } from "./catalog-store.ts";
import { postgresClient } from "./postgres-client.ts";
import { postgresRunLogStore } from "./postgres-run-log.ts";
import type { PostgresSettings, RemoteAccess, S3Settings } from "./remote-settings.ts";
import { usualPatience } from "./retry.ts";
import type { RunLogStore } from "./run-log-store.ts";
import { s3Catalog } from "./s3-catalog.ts";
import { type S3Client, s3Client } from "./s3-client.ts";
import { readCertificates, type S3Bucket } from "./s3-exchange.ts";
import { s3RunLogStore } from "./s3-run-log.ts";
import { StoreError } from "./store-error.ts";

export function openPostgresRunLog({ schema, ...place }: PostgresSettings, access: RemoteAccess): RunLogStore {
  return postgresRunLogStore(postgresClient(place, access.patience ?? usualPatience), schema, access.mayMigrate);
}

export function openS3RunLog(settings: S3Settings, access: RemoteAccess): RunLogStore {
  return s3RunLogStore(openS3(settings, access), prefixOf(settings));
}

export function openS3Catalog(settings: S3Settings, access: RemoteAccess): CatalogStore {
  return s3Catalog(openS3(settings, access), prefixOf(settings));
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html: the variables that every AWS tool reads. */
function openS3({ bucket, endpoint, region }: S3Settings, access: RemoteAccess): S3Client {
  const { environment } = access;
  const set = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  const place = region ?? set("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1";
  const address = endpoint ?? set("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") ?? `https://s3.${place}.amazonaws.com`;
  const [accessKeyId, secretAccessKey] = [set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")];
  const sessionToken = set("AWS_SESSION_TOKEN");
  const ca = set("AWS_CA_BUNDLE");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new StoreError(
      "cannot use",
      `the bucket ${bucket}`,
      "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN of temporary ones)",
    );
  }
  const where: S3Bucket = {
    bucket,
    endpoint: addressOf(address, bucket),
    region: place,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    timeoutMs: access.timeoutMs ?? 20_000,
    ...(ca === undefined ? {} : { ca: certificatesIn(ca) }),
  };
  return s3Client(where, access.patience ?? usualPatience);
}

function addressOf(address: string, bucket: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new StoreError(
    "cannot use",
    `the bucket ${bucket}`,
    `its endpoint ${JSON.stringify(address)} is no http(s) URL`,
  );
}

function certificatesIn(file: string): string {
  try {
    return readCertificates(file);
  } catch (error) {
    throw new StoreError("cannot read AWS_CA_BUNDLE", file, error);
  }
}

function prefixOf({ prefix }: S3Settings): string {
  const plain = prefix.replace(/^\/+|\/+$/g, "");
  return plain === "" ? "" : `${plain}/`;
}
