/**
 * Phase: stores that reach a server. In: where a bucket is, with variables replaced, and the environment, which has the
 * credentials. Out: a store. In a bundle of its own beside the shim (dist/stores.cjs), loaded when it is first used; see
 * lazy-stores.ts.
 */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { present } from "../../system/present.ts";
import { usualPatience } from "../../system/retry.ts";
import type { CatalogStore } from "../contract/catalog-store.ts";
import type { RemoteAccess } from "../contract/remote-access.ts";
import type { RunLogStore } from "../contract/run-log-store.ts";
import { StoreError } from "../contract/store-error.ts";
import type { AwsAccess, profileSettings } from "./aws-credentials.ts";
import type { S3Bucket } from "./bucket.ts";
import { s3Catalog } from "./catalog.ts";
import { type S3Client, s3Client } from "./client.ts";
import type { CredentialSource } from "./credential-source.ts";
import { awsCredentials, s3Credentials } from "./credentials.ts";
import { readCertificates } from "./exchange.ts";
import { s3RunLogStore } from "./run-log.ts";
import type { S3Settings } from "./s3-settings.ts";

export async function openS3RunLog(settings: S3Settings, access: RemoteAccess): Promise<RunLogStore> {
  return s3RunLogStore(await openS3(settings, access), prefixOf(settings));
}

export async function openS3Catalog(settings: S3Settings, access: RemoteAccess): Promise<CatalogStore> {
  return s3Catalog(await openS3(settings, access), prefixOf(settings));
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html: the variables that every AWS tool reads. */
async function openS3(settings: S3Settings, access: RemoteAccess): Promise<S3Client> {
  const { bucket } = settings;
  const { region, endpoint, ca } = await placeOf(settings, access.environment);
  const trusted = ca === undefined ? {} : { ca: certificatesIn(ca) };
  const where: S3Bucket = {
    bucket,
    endpoint: addressOf(endpoint, bucket),
    region,
    credentials: credentialsFor(bucket, access, { region, ...trusted }),
    timeoutMs: access.timeoutMs ?? 20_000,
    ...trusted,
  };
  return s3Client(where, access.patience ?? usualPatience);
}

/** What is configured, else what the variables say, else the profile, else AWS. */
async function placeOf(
  settings: S3Settings,
  environment: RemoteAccess["environment"],
): Promise<{ readonly region: string; readonly endpoint: string; readonly ca?: string }> {
  const set = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  const [region, endpoint, ca] = [
    settings.region || set("AWS_REGION", "AWS_DEFAULT_REGION"),
    settings.endpoint || set("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    set("AWS_CA_BUNDLE"),
  ];
  const asksProfile = region === undefined || (endpoint === undefined && set("AWS_PROFILE") !== undefined);
  const profile = asksProfile ? await profileOf(environment) : {};
  const place = region ?? profile.region ?? "us-east-1";
  return {
    region: place,
    endpoint: endpoint ?? profile.endpoint ?? `https://s3.${place}.amazonaws.com`,
    ...present({ ca }),
  };
}

/** Nothing is loaded for a file that is not there. Who has the keys in variables may do without the profile. */
async function profileOf(environment: RemoteAccess["environment"]): ReturnType<typeof profileSettings> {
  if (!existsSync(environment.AWS_CONFIG_FILE || path.join(homedir(), ".aws/config"))) return {};
  try {
    return await (await awsCredentials()).profileSettings();
  } catch (error) {
    if (environment.AWS_ACCESS_KEY_ID) return {};
    throw new StoreError("cannot use", "the profiles of AWS", error);
  }
}

/** What is wrong with them is said of the bucket. */
function credentialsFor(bucket: string, access: RemoteAccess, aws: AwsAccess): CredentialSource {
  const wrong = (error: unknown): never => {
    throw new StoreError("cannot use", `the bucket ${bucket}`, error);
  };
  try {
    const source = s3Credentials(access, aws);
    return {
      renewable: source.renewable,
      get: (renew) => source.get(renew).catch(wrong),
      describe: () => source.describe().catch(wrong),
    };
  } catch (error) {
    return wrong(error);
  }
}

function addressOf(address: string, bucket: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new StoreError(
    "cannot use",
    `the bucket ${bucket}`,
    `its endpoint ${JSON.stringify(address)} is not an http(s) URL`,
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
