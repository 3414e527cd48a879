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
  const send = s3Exchange(where);
  const name = `${where.bucket} at ${where.endpoint.host}`;

  /** Gives an answer whose status is among `fine`; `read` takes what it needs of it. */
  const ask = async <T>(
    what: string,
    call: S3Call,
    fine: readonly number[],
    read: (answer: S3Answer, unclear: boolean) => Promise<T>,
  ): Promise<T> => {
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
  };

  const get = (key: string): Promise<Buffer | null> =>
    ask("cannot read", { method: "GET", key }, [200, 404], readOrNull(bytesOf));

  const page = (query: { readonly [name: string]: string }): Promise<string> =>
    ask("cannot list", { method: "GET", query: { "list-type": "2", ...query } }, [200], async (answer) =>
      (await bytesOf(answer)).toString("utf8"),
    );

  async function* pages(query: { readonly [name: string]: string }): AsyncGenerator<string> {
    for (let token: string | undefined = ""; token !== undefined; ) {
      const xml: string = await page(token === "" ? query : { ...query, "continuation-token": token });
      yield xml;
      token = xmlText(xml, "IsTruncated")[0] === "true" ? xmlText(xml, "NextContinuationToken")[0] : undefined;
    }
  }

  return {
    name,
    putIfAbsent: (key, body) =>
      ask(
        "cannot write to",
        { method: "PUT", key, headers: onlyIfAbsent, body },
        [200, 412],
        async (answer, unclear) => {
          await bytesOf(answer);
          if (answer.status === 200) return true;
          return unclear && ((await get(key))?.equals(body) ?? false);
        },
      ),
    tryPut: async (key, body) => {
      try {
        await drain(await send({ method: "PUT", key, headers: onlyIfAbsent, body }));
      } catch {
        // Another reader does it.
      }
    },
    putFile: (key, body, replace) =>
      ask("cannot write to", { method: "PUT", key, headers: replace ? {} : onlyIfAbsent, body }, [200, 412], drain),
    get,
    stream: (key, read) => ask("cannot read", { method: "GET", key }, [200, 404], readOrNull(read)),
    head: (key) =>
      ask(
        "cannot read",
        { method: "HEAD", key },
        [200, 404],
        readOrNull(async (answer) => {
          await drain(answer);
          return headOf(answer);
        }),
      ),
    list: async function* (prefix) {
      for await (const xml of pages({ prefix })) {
        const [keys, times] = [xmlText(xml, "Key"), xmlText(xml, "LastModified")];
        for (const [i, key] of keys.entries()) yield { key, modified: Date.parse(times[i] ?? "") };
      }
    },
    folders: async (prefix) => {
      const found: string[] = [];
      for await (const xml of pages({ prefix, delimiter: "/" })) {
        const common = xml.match(/<CommonPrefixes>[\s\S]*?<\/CommonPrefixes>/g) ?? [];
        for (const each of common) found.push(...xmlText(each, "Prefix").map((one) => one.slice(prefix.length, -1)));
      }
      return found;
    },
    delete: (key) => ask("cannot delete in", { method: "DELETE", key }, [200, 204, 404], drain),
    credentials: where.credentials.describe,
  };
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
function headOf({ headers }: S3Answer): S3Head {
  const size = Number(headers["content-length"]);
  const encrypted =
    /kms/.test(String(headers["x-amz-server-side-encryption"])) ||
    headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  const md5 = encrypted ? undefined : /^"?([0-9a-f]{32})"?$/.exec(headers.etag ?? "")?.[1];
  return { size, ...(md5 === undefined ? {} : { md5 }) };
}

async function refusalOf(answer: S3Answer): Promise<S3Refusal> {
  const xml = (await bytesOf(answer)).toString("utf8");
  return new S3Refusal(answer.status, answer.headers, xml);
}

async function drain(answer: S3Answer): Promise<void> {
  await bytesOf(answer);
}
