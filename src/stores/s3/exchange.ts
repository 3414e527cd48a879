import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream";
import { present } from "../../system/present.ts";
import type { S3Bucket } from "./bucket.ts";
import { encodePath, printQuery, signedHeaders } from "./signature.ts";

export type S3Body = Uint8Array | { readonly file: string; readonly size: number; readonly sha256: string };

export interface S3Call {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Absent: the bucket itself. */
  readonly key?: string;
  readonly query?: { readonly [name: string]: string };
  readonly headers?: { readonly [name: string]: string };
  readonly body?: S3Body;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Has to be read to its end, or destroyed. */
  readonly stream: http.IncomingMessage;
}

/**
 * Sends one signed request and gives what came back, whatever its status. Rejects where no answer came, or where
 * there are no credentials. `renew`: with others than before.
 */
export function s3Exchange(where: S3Bucket): (call: S3Call, renew?: boolean) => Promise<S3Answer> {
  const { endpoint, credentials, region, timeoutMs, ca } = where;
  const { request, Agent } = endpoint.protocol === "http:" ? http : https;
  // Idle connections do not keep the process alive.
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ...present({ ca }) });
  const base = endpoint.pathname.replace(/\/$/, "");
  return async ({ method, key, query = {}, headers = {}, body = nothing }, renew = false) => {
    const keys = await credentials.get(renew);
    const path = `${base}${encodePath(`/${where.bucket}${key === undefined ? "" : `/${key}`}`)}`;
    const sha256 = body instanceof Uint8Array ? createHash("sha256").update(body).digest("hex") : body.sha256;
    const length = body instanceof Uint8Array ? body.length : body.size;
    const own = { ...headers, ...(method === "PUT" ? { "content-length": String(length) } : {}) };
    const plain = { method, host: endpoint.host, path, query, headers: own, sha256 };
    const asked = printQuery(query);
    return new Promise((resolve, reject) => {
      const sending = request(
        {
          agent,
          method,
          hostname: endpoint.hostname.replace(/^\[|\]$/g, ""),
          port: endpoint.port,
          path: asked === "" ? path : `${path}?${asked}`,
          headers: signedHeaders(plain, keys, region, new Date()),
          timeout: timeoutMs,
        },
        (stream) => {
          stream.on("error", () => {});
          resolve({ status: stream.statusCode ?? 0, headers: stream.headers, stream });
        },
      );
      sending.on("timeout", () => sending.destroy(new TimedOut(`no answer within ${timeoutMs / 1000} s`)));
      sending.on("error", reject);
      if (body instanceof Uint8Array) sending.end(body);
      else
        pipeline(
          createReadStream(body.file, { highWaterMark: 1024 * 1024 }),
          sending,
          (error) => error && reject(error),
        );
    });
  };
}

const nothing = new Uint8Array();

class TimedOut extends Error {
  readonly code = "ETIMEDOUT";
}

/** The bytes of an answer. */
export async function bytesOf({ stream }: S3Answer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The file that AWS_CA_BUNDLE names. */
export function readCertificates(file: string): string {
  return readFileSync(file, "utf8");
}
