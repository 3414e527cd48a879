import type { Environment } from "../../system/environment.ts";
import { errorCode } from "../../system/error-code.ts";
import { type Patience, retry, usualPatience } from "../../system/retry.ts";
import type { RemoteAccess } from "../contract/remote-access.ts";
import type { AwsAccess, FetchedCredentials } from "./aws-credentials.ts";
import type { CredentialSource } from "./credential-source.ts";
import type { S3Credentials } from "./signature.ts";

/** What the variables hold; AWS's own library finds the rest. Several stores of a process share them. */
export function s3Credentials(access: RemoteAccess, aws: AwsAccess): CredentialSource {
  const known = shared.get(access.environment) ?? openSource(access, aws);
  shared.set(access.environment, known);
  return known;
}

const shared = new WeakMap<Environment, CredentialSource>();

function openSource({ environment, patience }: RemoteAccess, aws: AwsAccess): CredentialSource {
  const fixed = inVariables(environment);
  return fixed === undefined ? fetchedSource(aws, patience ?? usualPatience) : fixedSource(fixed);
}

/** Undefined where there are none. Half of a pair is a mistake, and nobody looks further for it. */
export function inVariables(environment: Environment): S3Credentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    const [there, missing] = accessKeyId ? [keyName, secretName] : [secretName, keyName];
    throw new Error(`there are no credentials; ${there} is set, but not ${missing}`);
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

const keyName = "AWS_ACCESS_KEY_ID";
const secretName = "AWS_SECRET_ACCESS_KEY";

function fixedSource(credentials: S3Credentials): CredentialSource {
  const session = credentials.sessionToken === undefined ? "" : ", and AWS_SESSION_TOKEN, by which they expire";
  return {
    renewable: false,
    get: async () => credentials,
    describe: async () => `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${session}`,
  };
}

/** So long before their end others are fetched; a request on its way still needs them. Milliseconds. */
const marginMs = 5 * 60_000;

/** So long after a failure they are not asked for again while those of before hold. Milliseconds. */
const restMs = 30_000;

function fetchedSource(aws: AwsAccess, patience: Patience): CredentialSource {
  let current: FetchedCredentials | undefined;
  let fetching: Promise<FetchedCredentials> | undefined;
  let notBefore = 0;
  const leftMs = (): number => {
    if (current === undefined) return 0;
    return current.until === undefined ? Number.POSITIVE_INFINITY : current.until.getTime() - Date.now();
  };
  /** What gave some before is there, whatever it says now: it is asked for as long as a bucket would be. */
  const mayPass = (error: unknown): boolean => leftMs() <= 0 && (current !== undefined || isTransient(error));
  const fetchNew = (): Promise<FetchedCredentials> => {
    const work = async () => (await awsCredentials()).fetchAwsCredentials(aws);
    fetching ??= retry(work, mayPass, patience).finally(() => (fetching = undefined));
    return fetching;
  };
  const obtain = async (renew = false): Promise<FetchedCredentials> => {
    const holds = leftMs() > marginMs || (leftMs() > 0 && Date.now() < notBefore);
    if (current !== undefined && holds && !renew) return current;
    try {
      current = await fetchNew();
    } catch (error) {
      if (current === undefined || renew || leftMs() <= 0) throw error;
      notBefore = Date.now() + restMs;
    }
    return current;
  };
  return {
    renewable: true,
    get: async (renew) => (await obtain(renew)).credentials,
    describe: async () => {
      const { from, until } = await obtain();
      return until === undefined ? from : `${from}, until ${until.toISOString().replace(/\.\d+/, "")}, then anew`;
    },
  };
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && "transient" in error && error.transient === true;
}

/** Bundled apart from the stores: it is larger than they are, and most have their keys in variables. */
export function awsCredentials() {
  return import("./aws-credentials.ts").catch((error: unknown) => {
    if (!/MODULE_NOT_FOUND$/.test(errorCode(error) ?? "")) throw error;
    const why = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and aws-credentials.cjs, which finds others";
    throw new Error(`there are no credentials: ${why}, is missing beside the shim`);
  });
}
