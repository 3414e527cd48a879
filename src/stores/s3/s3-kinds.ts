import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Environment } from "../../system/environment.ts";
import type { CatalogKind, Elsewhere, Keys, RunLogKind, SettingsOf } from "../contract/service-kind.ts";
import { setOf } from "../contract/set-of.ts";
import { fromServerStores, lazyCatalog, lazyRunLogStore } from "../remote/lazy-stores.ts";

const keys = {
  bucket: { kind: "text", required: true },
  /** Before every key. */
  prefix: { kind: "text", default: "" },
  /** URL of a store that is not AWS. */
  endpoint: { kind: "text" },
  region: { kind: "text" },
} as const satisfies Keys;

/** Variables with which a bucket is reached and that nobody else may read. Key ids and addresses are no secrets. */
const secretVariables = [
  ...["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
];

export const s3RunLog: RunLogKind<typeof keys> = {
  type: "s3",
  keys,
  secretVariables,
  open: (settings, access) =>
    lazyRunLogStore(nameOf(settings), async () => (await serverStores()).openS3RunLog(settings, access)),
};

export const s3Catalog: CatalogKind<typeof keys> = {
  type: "s3",
  keys,
  secretVariables,
  open: (settings, access) =>
    lazyCatalog(nameOf(settings), async () => (await serverStores()).openS3Catalog(settings, access)),
};

function serverStores() {
  return fromServerStores(import("./open-s3.ts"));
}

function nameOf({ bucket, prefix }: SettingsOf<typeof keys>): string {
  return `s3 (${bucket}${prefix === "" ? "" : `/${prefix}`})`;
}

export const s3Elsewhere: Elsewhere = {
  // The second is larger than all others together.
  programs: (given) => ["stores.cjs", ...(looksForKeys(given) ? ["aws-credentials.cjs"] : [])],
  needs: (_settings, given) => (looksForKeys(given) ? [] : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
  provesIdentity: (given) =>
    looksForKeys(given) &&
    given.has("AWS_ROLE_ARN") &&
    !given.has("AWS_PROFILE") &&
    !given.has("AWS_WEB_IDENTITY_TOKEN_FILE"),
  variables: (_settings, host) => ({
    ...setOf([...places, ...(host.AWS_ACCESS_KEY_ID ? credentials : sources)], host),
    ...(host.AWS_ACCESS_KEY_ID ? {} : profileFiles(host)),
  }),
  fileVariables: [
    ...["AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  ],
  address: (settings, environment) =>
    settings("endpoint") ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL,
};

/** Variables that say where keys of AWS come from, instead of holding them; each is enough. */
const enough = [
  ...["AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
  ...["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
  // What it says does not matter: who writes it has thought of the machine's own role.
  "AWS_EC2_METADATA_DISABLED",
];

/** Whether it is asked with keys that are not in variables. */
function looksForKeys(given: ReadonlySet<string>): boolean {
  return enough.some((name) => given.has(name)) && !given.has("AWS_ACCESS_KEY_ID");
}

const credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/** Where keys come from that are not in variables. */
const sources = [
  ...["AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL_STS"],
  ...["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
  ...["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
];
const places = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"];

/** A container has another home; where no variable names a source of keys, they are in the usual profile. */
function profileFiles(host: Environment): { readonly [name: string]: string } {
  const named = ["AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (!host.AWS_PROFILE && named.some((name) => host[name])) return {};
  const config = host.AWS_CONFIG_FILE || path.join(homedir(), ".aws/config");
  const keys = host.AWS_SHARED_CREDENTIALS_FILE || path.join(homedir(), ".aws/credentials");
  return {
    ...(existsSync(config) ? { AWS_CONFIG_FILE: config } : {}),
    ...(existsSync(keys) ? { AWS_SHARED_CREDENTIALS_FILE: keys } : {}),
  };
}
