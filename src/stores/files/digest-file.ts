import { createHash } from "node:crypto";
import {
  constants,
  copyFileSync,
  createReadStream,
  createWriteStream,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorCode } from "../../system/error-code.ts";
import { CatalogError } from "../contract/catalog-error.ts";
import { StoreError } from "../contract/store-error.ts";

export interface Digest {
  /** `sha256:<hex>`. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** The digits of `sha256:<hex>`. Throws a CatalogError where it is something else. */
export function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new CatalogError(`${JSON.stringify(digest)} is not a digest`);
  return hex;
}

/** Up to this size a file is read as a whole: several times faster than a stream. */
const smallFile = 1024 * 1024;

/** Digest and size of a file's content. Throws a StoreError where it cannot be read. */
export async function digestOf(file: string): Promise<Digest> {
  try {
    if (statSync(file).size <= smallFile) return digestOfBytes(readFileSync(file));
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: smallFile })) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { digest: `sha256:${hash.digest("hex")}`, size };
  } catch (error) {
    throw new StoreError("cannot read", file, error);
  }
}

/**
 * Copies a file's content to a new file, sharing its blocks where the file system can (reflink), and gives the digest of
 * what was copied. Until its mode is set, only its owner may read it. Throws what `node:fs` throws, ENOENT for a missing folder of `to` too.
 */
export async function copyAndDigest(from: string, to: string): Promise<Digest> {
  if (statSync(from).size <= smallFile) {
    const bytes = readFileSync(from);
    writeFileSync(to, bytes, { flag: "wx", mode: 0o600 });
    return digestOfBytes(bytes);
  }
  if (clone(from, to)) return digestOf(to);
  return writeAndDigest(createReadStream(from, { highWaterMark: smallFile }), to, { flags: "wx" });
}

/** Writes a stream to a file, for its owner alone at first, and gives the digest of what was written. */
export async function writeAndDigest(
  from: Readable,
  to: string,
  options: { readonly flags?: "wx" } = {},
): Promise<Digest> {
  const hash = createHash("sha256");
  let size = 0;
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(from, hashing, createWriteStream(to, { ...options, mode: 0o600 }));
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

function digestOfBytes(bytes: Uint8Array): Digest {
  return { digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, size: bytes.length };
}

function clone(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw error;
    rmSync(to, { force: true });
    return false;
  }
}
