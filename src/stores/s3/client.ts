import { present } from "../../system/present.ts";
import { type Patience, retry } from "../../system/retry.ts";
import { isUnreachable } from "../../system/unreachable.ts";
import { StoreError } from "../contract/store-error.ts";
import type { S3Bucket } from "./bucket.ts";
import { bytesOf, type S3Answer, type S3Body, type S3Call, s3Exchange } from "./exchange.ts";
import { isOfCredentials, isTransientAnswer, S3Refusal, xmlText } from "./refusal.ts";

export interface S3Object {
  readonly key: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly modified: number;
}

export interface S3Head {
  /** Bytes. */
  readonly size: number;
  /** Of the content as it is now, 32 hexadecimal digits; absent: the server does not tell it. */
  readonly md5?: string;
}

/** What the stores need of a bucket. Every operation is tried again where that can help, and throws a StoreError. */
export interface S3Client {
  /** For messages: `bucket at host`. */
  readonly name: string;
  /**
   * Stores unless the key exists; false where somebody else's content is there. Where an answer was lost on the way, what is
   * there is compared: the same content counts as this call's.
   */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** Tries once to store unless the key exists. Whether it did so makes no difference to whoever asks: it never throws. */
  tryPut(key: string, body: Uint8Array): Promise<void>;
  /** Stores a file, whatever is there (`replace`) or only where nothing is. The server checks the digest. */
  putFile(key: string, body: Exclude<S3Body, Uint8Array>, replace: boolean): Promise<void>;
  /** Null where there is none. */
  get(key: string): Promise<Buffer | null>;
  /** Hands the content to `read`, again from its start where the connection broke; null where there is none. */
  stream<T>(key: string, read: (answer: S3Answer) => Promise<T>): Promise<T | null>;
  /** What is told of an object without its content; null where there is none. */
  head(key: string): Promise<S3Head | null>;
  list(prefix: string): AsyncIterable<S3Object>;
  /** The parts of keys between `prefix` and the next `/`, once each. */
  folders(prefix: string): Promise<readonly string[]>;
  delete(key: string): Promise<void>;
  /** For people: where the credentials are from, and until when they hold. */
  credentials(): Promise<string>;
}

export function s3Client(where: S3Bucket, patience: Patience): S3Client {
  const name = `${where.bucket} at ${where.endpoint.host}`;
  const bucket: Connection = { where, name, patience, send: s3Exchange(where) };
  return {
    name,
    putIfAbsent: (key, body) => putIfAbsent(bucket, key, body),
    tryPut: async (key, body) => {
      try {
        await drain(await bucket.send({ method: "PUT", key, headers: onlyIfAbsent, body }));
      } catch {
        // Another reader does it.
      }
    },
    putFile: (key, body, replace) => {
      const call: S3Call = { method: "PUT", key, headers: replace ? {} : onlyIfAbsent, body };
      return ask(bucket, "cannot write to", call, [200, 412], drain);
    },
    get: (key) => get(bucket, key),
    stream: (key, read) => ask(bucket, "cannot read", { method: "GET", key }, [200, 404], readOrNull(read)),
    head: (key) => ask(bucket, "cannot read", { method: "HEAD", key }, [200, 404], readOrNull(headOf)),
    list: (prefix) => list(bucket, prefix),
    folders: (prefix) => folders(bucket, prefix),
    delete: (key) => ask(bucket, "cannot delete in", { method: "DELETE", key }, [200, 204, 404], drain),
    credentials: where.credentials.describe,
  };
}

interface Connection {
  readonly where: S3Bucket;
  /** For messages. */
  readonly name: string;
  readonly patience: Patience;
  readonly send: ReturnType<typeof s3Exchange>;
}

/** Gives an answer whose status is among `fine`; `read` takes what it needs of it. */
async function ask<T>(
  { where, name, patience, send }: Connection,
  what: string,
  call: S3Call,
  fine: readonly number[],
  read: (answer: S3Answer, unclear: boolean) => Promise<T>,
): Promise<T> {
  let unclear = false;
  let renewal: "none" | "wanted" | "done" = "none";
  try {
    return await retry(
      async () => {
        const renew = renewal === "wanted";
        if (renew) renewal = "done";
        const answer = await send(call, renew);
        if (fine.includes(answer.status)) return read(answer, unclear);
        throw await refusalOf(answer);
      },
      (error) => {
        // Whoever got no answer, or one of a server in trouble, does not know what was done.
        if (!(error instanceof S3Refusal) || error.status >= 500) unclear = true;
        // Keys that were good when they were fetched may end before the time they were given, or by a clock that is wrong.
        if (where.credentials.renewable && renewal === "none" && isOfCredentials(error)) {
          renewal = "wanted";
          return true;
        }
        return isTransientAnswer(error) || isUnreachable(error);
      },
      patience,
    );
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(what, `the bucket ${name}`, error instanceof S3Refusal ? error.remedy(where) : error);
  }
}

function putIfAbsent(bucket: Connection, key: string, body: Uint8Array): Promise<boolean> {
  const call: S3Call = { method: "PUT", key, headers: onlyIfAbsent, body };
  return ask(bucket, "cannot write to", call, [200, 412], async (answer, unclear) => {
    await drain(answer);
    if (answer.status === 200) return true;
    return unclear && ((await get(bucket, key))?.equals(body) ?? false);
  });
}

function get(bucket: Connection, key: string): Promise<Buffer | null> {
  return ask(bucket, "cannot read", { method: "GET", key }, [200, 404], readOrNull(bytesOf));
}

async function* list(bucket: Connection, prefix: string): AsyncGenerator<S3Object> {
  for await (const xml of pages(bucket, { prefix })) {
    const [keys, times] = [xmlText(xml, "Key"), xmlText(xml, "LastModified")];
    for (const [i, key] of keys.entries()) yield { key, modified: Date.parse(times[i] ?? "") };
  }
}

async function folders(bucket: Connection, prefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const xml of pages(bucket, { prefix, delimiter: "/" })) {
    const common = xml.match(/<CommonPrefixes>[\s\S]*?<\/CommonPrefixes>/g) ?? [];
    for (const each of common) found.push(...xmlText(each, "Prefix").map((one) => one.slice(prefix.length, -1)));
  }
  return found;
}

async function* pages(bucket: Connection, query: { readonly [name: string]: string }): AsyncGenerator<string> {
  for (let token: string | undefined = ""; token !== undefined; ) {
    const next: { readonly [name: string]: string } = token === "" ? {} : { "continuation-token": token };
    const call: S3Call = { method: "GET", query: { "list-type": "2", ...query, ...next } };
    const xml = await ask(bucket, "cannot list", call, [200], async (answer) =>
      (await bytesOf(answer)).toString("utf8"),
    );
    yield xml;
    token = xmlText(xml, "IsTruncated")[0] === "true" ? xmlText(xml, "NextContinuationToken")[0] : undefined;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const onlyIfAbsent = { "if-none-match": "*" } as const;

/** An object that is missing is an answer; a bucket that is missing has the same status and is an error. */
function readOrNull<T>(read: (answer: S3Answer) => Promise<T>): (answer: S3Answer) => Promise<T | null> {
  return async (answer) => {
    if (answer.status !== 404) return read(answer);
    const refusal = await refusalOf(answer);
    if (refusal.code === "NoSuchBucket") throw refusal;
    return null;
  };
}

/**
 * The ETag is the content's MD5 where it was stored by one PUT and is not encrypted with keys of KMS or of the caller; others
 * have a `-`, or headers that say so. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
async function headOf(answer: S3Answer): Promise<S3Head> {
  await drain(answer);
  const { headers } = answer;
  const size = Number(headers["content-length"]);
  const encrypted =
    /kms/.test(String(headers["x-amz-server-side-encryption"])) ||
    headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  const md5 = encrypted ? undefined : /^"?([0-9a-f]{32})"?$/.exec(headers.etag ?? "")?.[1];
  return { size, ...present({ md5 }) };
}

async function refusalOf(answer: S3Answer): Promise<S3Refusal> {
  const xml = (await bytesOf(answer)).toString("utf8");
  return new S3Refusal(answer.status, answer.headers, xml);
}

async function drain(answer: S3Answer): Promise<void> {
  await bytesOf(answer);
}
