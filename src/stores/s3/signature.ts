import { createHash, createHmac } from "node:crypto";
import { present } from "../../system/present.ts";

/** Who asks; never printed. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

export interface S3Request {
  readonly method: string;
  /** With port where that is not the scheme's own, as the Host header has it. */
  readonly host: string;
  /** `/bucket/key`, encoded by {@link encodePath}. */
  readonly path: string;
  readonly query: { readonly [name: string]: string };
  /** In lower case. */
  readonly headers: { readonly [name: string]: string };
  /** Hexadecimal SHA-256 of the body: the server refuses anything else. */
  readonly sha256: string;
}

/**
 * The request's headers with an AWS Signature of version 4 over all of them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signedHeaders(
  request: S3Request,
  { accessKeyId, secretAccessKey, sessionToken }: S3Credentials,
  region: string,
  now: Date,
): { readonly [name: string]: string } {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    "x-amz-content-sha256": request.sha256,
    "x-amz-date": time,
    ...present({ "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    printQuery(request.query),
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    "",
    names.join(";"),
    request.sha256,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, toSign).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Sorted by name, as the signature wants it. */
export function printQuery(query: { readonly [name: string]: string }): string {
  return Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name] ?? "")}`)
    .join("&");
}

/** Every segment encoded, the slashes between them kept. */
export function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** As RFC 3986 has it: encodeURIComponent leaves five characters alone that the signature wants encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
