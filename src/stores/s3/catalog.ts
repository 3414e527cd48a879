import { createHash, getFips } from "node:crypto";
import { createReadStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { causeOf } from "../../system/error-code.ts";
import { CatalogError } from "../contract/catalog-error.ts";
import type { CatalogStore } from "../contract/catalog-store.ts";
import { StoreError } from "../contract/store-error.ts";
import { type Digest, digestOf, hexOf, writeAndDigest } from "../files/digest-file.ts";
import { placeFile } from "../files/place-file.ts";
import type { S3Client } from "./client.ts";

/** What one PUT takes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Bytes. */
const largestObject = 5 * 1024 ** 3;

/**
 * A catalog in a bucket: `<prefix>blobs/sha256/<first two digits>/<digits>`, an object each, streamed in a single PUT whose
 * digest the server checks, and again by the reader.
 */
export function s3Catalog(client: S3Client, prefix: string): CatalogStore {
  const keyOf = (digest: string): string => {
    const hex = hexOf(digest);
    return `${prefix}blobs/sha256/${hex.slice(0, 2)}/${hex}`;
  };
  return {
    name: `s3 (${client.name})`,
    keeps: true,
    putFile: (file) => putFile(client, keyOf, file),
    digestFile: digestOf,
    credentials: client.credentials,
    getFile: async (digest, file, mode) => {
      const key = keyOf(digest);
      await placeFile({ digest, file, ...mode }, async (temporary) => {
        mkdirSync(dirname(temporary), { recursive: true });
        // Opened anew by each try, which so begins at an empty file.
        const copied = await client.stream(key, ({ stream }) => writeAndDigest(stream, temporary));
        if (copied === null) throw new CatalogError(`the catalog has no content ${digest}`);
        return copied;
      });
    },
  };
}

async function putFile(client: S3Client, keyOf: (digest: string) => string, file: string): Promise<Digest> {
  const found = await digestOf(file);
  if (found.size > largestObject) {
    const why = `it has ${(found.size / 1024 ** 3).toFixed(1)} GiB, and a bucket takes 5 GiB in one piece; split it`;
    throw new StoreError("cannot store", file, why);
  }
  const key = keyOf(found.digest);
  const there = await client.head(key);
  if (there?.size === found.size && (there.md5 === undefined || there.md5 === (await md5Of(file, there.md5))))
    return found;
  // Something else under that name is damage: it is replaced.
  try {
    await client.putFile(key, { file, size: found.size, sha256: hexOf(found.digest) }, there !== null);
  } catch (error) {
    const now = await digestOf(file);
    if (now.digest === found.digest) throw error;
    throw new StoreError("cannot store", file, `it changed while it was read (${causeOf(error)})`);
  }
  return found;
}

/**
 * Only asked for where an object of that size is there. `unknown`: what is given where this Node may not compute it (FIPS).
 * Throws a StoreError where the file cannot be read.
 */
async function md5Of(file: string, unknown: string): Promise<string> {
  if (getFips() === 1) return unknown;
  const hash = createHash("md5");
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  } catch (error) {
    throw new StoreError("cannot read", file, error);
  }
  return hash.digest("hex");
}
