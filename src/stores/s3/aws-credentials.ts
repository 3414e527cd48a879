/**
 * Phase: credentials of AWS that no variable holds. In: the process's own environment and files, as every AWS tool reads
 * them. Out: keys, most of them temporary. AWS's own library does it; it is larger than all the rest, so that this is a bundle
 * of its own beside the shim (dist/aws-credentials.cjs), loaded where no AWS_ACCESS_KEY_ID is set.
 */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { state as warnings } from "@aws-sdk/core/client";
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { fromIni } from "@aws-sdk/credential-provider-ini";
import { fromTokenFile, fromWebToken } from "@aws-sdk/credential-provider-web-identity";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { loadSharedConfigFiles } from "@smithy/shared-ini-file-loader";
import { present } from "../../system/present.ts";
import { isUnreachable } from "../../system/unreachable.ts";
import { githubToken } from "./github-token.ts";
import type { S3Credentials } from "./signature.ts";

// The library is part of this file, whatever of it is published for later versions of Node: nobody need read of that.
warnings.warningEmitted = true;

/** How those are asked that give credentials. */
export interface AwsAccess {
  readonly region: string;
  /** Certificates in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
}

export interface FetchedCredentials {
  readonly credentials: S3Credentials;
  /** For people: `the profile team`. */
  readonly from: string;
  /** Absent: they do not expire. */
  readonly until?: Date;
}

/** The message is one line for people. */
export class CredentialsError extends Error {
  /** Whether the same may succeed later: whoever gives them could not be reached, or was busy. */
  readonly transient: boolean;
  constructor(message: string, transient = false) {
    super(message);
    this.transient = transient;
  }
}

interface Source {
  /** For people. */
  readonly name: string;
  /** What is said where it has none; absent: a variable asks for this source, and its failure is the answer. */
  readonly otherwise?: string;
  get(): Promise<AwsIdentity>;
}

interface AwsIdentity extends S3Credentials {
  readonly expiration?: Date;
}

/**
 * From the source that a variable asks for; where none does, of the usual profile, else of the machine. Throws a
 * CredentialsError that names all that was looked at.
 */
export async function fetchAwsCredentials(access: AwsAccess): Promise<FetchedCredentials> {
  const missing = ["AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"];
  for (const { name, otherwise, get } of sourcesOf(access)) {
    try {
      return fetched(name, await get());
    } catch (error) {
      if (otherwise === undefined || !isAbsence(error)) throw failureOf(name, error);
      missing.push(otherwise);
    }
  }
  throw new CredentialsError(`there are no credentials: ${missing.join("; ")}`);
}

/** What the profile says of a region and an address; nothing where there is none. */
export async function profileSettings(): Promise<{ readonly region?: string; readonly endpoint?: string }> {
  const { configFile } = await loadSharedConfigFiles();
  const { region, endpoint_url: endpoint } = configFile[process.env.AWS_PROFILE || "default"] ?? {};
  return { ...(region ? { region } : {}), ...(endpoint ? { endpoint } : {}) };
}

function sourcesOf(access: AwsAccess): readonly Source[] {
  const { AWS_EC2_METADATA_DISABLED: disabled } = process.env;
  const asked = askedSource(process.env, clientOf(access));
  if (asked !== undefined) return [asked];
  return [
    {
      name: "the profile default",
      otherwise: `none of AWS_PROFILE, AWS_ROLE_ARN, AWS_CONTAINER_CREDENTIALS_FULL_URI asks for others; ${withoutDefault()}`,
      get: fromIni({ profile: "default", ignoreCache: true, ...clientOf(access) }),
    },
    disabled?.toLowerCase() === "true" ? noMachine : machine,
  ];
}

/** How the services are asked that give keys for a role: both forms, since the library reads one here and the other there. */
function clientOf({ region, ca }: AwsAccess) {
  const trusting = ca === undefined ? {} : { requestHandler: new NodeHttpHandler({ httpsAgent: { ca } }) };
  const client = { region, ...trusting };
  return { clientConfig: client, parentClientConfig: client };
}

function askedSource(env: NodeJS.ProcessEnv, client: ReturnType<typeof clientOf>): Source | undefined {
  const { AWS_PROFILE: profile, AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = env;
  if (profile) return { name: `the profile ${profile}`, get: fromIni({ profile, ignoreCache: true, ...client }) };
  if (tokenFile) {
    // Without a role the library says what is missing.
    return { name: `the role ${roleArn} (AWS_WEB_IDENTITY_TOKEN_FILE)`, get: fromTokenFile(client) };
  }
  if (roleArn && env.ACTIONS_ID_TOKEN_REQUEST_URL) {
    const roleSessionName = env.AWS_ROLE_SESSION_NAME || `magnus-${env.GITHUB_RUN_ID ?? "run"}`;
    const get = async (): Promise<AwsIdentity> =>
      fromWebToken({ roleArn, roleSessionName, webIdentityToken: await githubToken(env), ...client })();
    return { name: `the role ${roleArn} (GitHub's token)`, get };
  }
  if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
    return { name: "the container (AWS_CONTAINER_CREDENTIALS_…)", get: async () => fromHttp({})() };
  }
  if (roleArn) {
    const why =
      "AWS_ROLE_ARN needs AWS_WEB_IDENTITY_TOKEN_FILE or, in GitHub's workflows, the permission `id-token: write`";
    return { name: `the role ${roleArn}`, get: () => Promise.reject(new CredentialsError(why)) };
  }
  return undefined;
}

/** Version 2 of the metadata service only: where version 1 is on, whatever makes a task send a request gets the keys. */
const machine: Source = {
  name: "the machine's role",
  otherwise: "the machine's metadata service (169.254.169.254) gives none",
  get: async () => {
    try {
      return await fromInstanceMetadata({ timeout: 1_000, maxRetries: 2, ec2MetadataV1Disabled: true })();
    } catch (error) {
      throw Object.assign(new Error(lineOf(error)), { tryNextLink: true });
    }
  },
};

const noMachine: Source = {
  ...machine,
  otherwise: "the machine's metadata service is switched off (AWS_EC2_METADATA_DISABLED)",
  get: () => Promise.reject(Object.assign(new Error("switched off"), { tryNextLink: true })),
};

function withoutDefault(): string {
  const file = process.env.AWS_SHARED_CREDENTIALS_FILE || path.join(homedir(), ".aws/credentials");
  return existsSync(file) ? `${file} has no profile default that could be used` : `there is no ${file}`;
}

function fetched(from: string, identity: AwsIdentity): FetchedCredentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = identity;
  return {
    credentials: { accessKeyId, secretAccessKey, ...present({ sessionToken }) },
    from,
    ...present({ until: expiration }),
  };
}

/** The library's way to say that there is nothing. */
function isAbsence(error: unknown): boolean {
  return error instanceof Error && "tryNextLink" in error && error.tryNextLink === true;
}

function failureOf(source: string, error: unknown): CredentialsError {
  const name = error instanceof Error && isServiceError(error) ? `${error.name}, ` : "";
  return new CredentialsError(`${source} gives no credentials: ${name}${lineOf(error)}`, isTransient(error));
}

function isServiceError(error: Error): boolean {
  return "$fault" in error;
}

/** Only the first line: a program's own words may follow, which nobody has looked through for secrets. */
function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n")[0]?.trim() ?? "";
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isUnreachable(error) || ("$retryable" in error && error.$retryable !== undefined)) return true;
  const fault = "$fault" in error ? error.$fault : undefined;
  return (
    fault === "server" ||
    /Timeout|Throttl|ECONN|EAI_AGAIN|socket hang up|fetch failed/.test(`${error.name} ${error.message}`)
  );
}
