import type { IncomingHttpHeaders } from "node:http";
import type { S3Bucket } from "./bucket.ts";

/**
 * An answer by which the server refused a request.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export class S3Refusal extends Error {
  readonly status: number;
  /** `NoSuchBucket`; empty where the server gave none, as for HEAD. */
  readonly code: string;
  readonly headers: IncomingHttpHeaders;

  constructor(status: number, headers: IncomingHttpHeaders, xml: string) {
    const code = xmlText(xml, "Code")[0] ?? "";
    const told = xmlText(xml, "Message")[0] ?? "";
    super([`status ${status}`, code, told].filter((part) => part !== "").join(", "));
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  /** Why, and what to do: one line. */
  remedy({ region, bucket, credentials }: S3Bucket): string {
    const theirs = this.headers["x-amz-bucket-region"];
    if (typeof theirs === "string" && theirs !== region)
      return `it is in the region ${theirs}; set \`region: ${theirs}\``;
    switch (this.code) {
      case "NoSuchBucket":
        return `there is no such bucket; create ${bucket} or name another`;
      case "InvalidAccessKeyId":
      case "SignatureDoesNotMatch":
      case "ExpiredToken":
      case "InvalidToken":
        if (credentials.renewable) return `${this.message}; \`magnus doctor\` says where the credentials come from`;
        return `${this.message}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN`;
      case "RequestTimeTooSkewed":
        return `${this.message}; set the clock of this machine`;
      case "NotImplemented":
        return `${this.message}; the server has no conditional writes (If-None-Match), which the run log needs`;
      default:
        if (this.status === 403) {
          return `${this.message}; allow these credentials s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket`;
        }
        return this.message;
    }
  }
}

/** 409: two conditional writes met, and neither is known to have won. */
const transientStatus: readonly number[] = [408, 409, 429, 500, 502, 503, 504];

export function isTransientAnswer(error: unknown): boolean {
  // RequestTimeout: the server waited for the body.
  return error instanceof S3Refusal && (transientStatus.includes(error.status) || error.code === "RequestTimeout");
}

/** An answer to HEAD has no code. */
export function isOfCredentials(error: unknown): boolean {
  if (!(error instanceof S3Refusal)) return false;
  const { code, status } = error;
  return code === "" ? status === 400 || status === 403 : /^(ExpiredToken|InvalidToken|InvalidAccessKeyId)/.test(code);
}

/** The texts of all elements of that name, which holds no others. */
export function xmlText(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text = ""]) => unescapeXml(text));
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return entities.get(name) ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
