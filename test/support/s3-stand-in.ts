import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What goes wrong with one request: `busy` and `conflict` are answers (503, 409) without effect; `dropped` loses the request,
 * `unanswered` does it and loses the answer, `silent` does it and never answers; `torn` sends half of the answer.
 */
export type Fault = "busy" | "conflict" | "dropped" | "unanswered" | "silent" | "torn";

export interface StandInRequest {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
}

export interface S3StandIn {
  readonly endpoint: string;
  readonly objects: Map<string, { readonly body: Buffer; readonly modified: Date }>;
  readonly requests: StandInRequest[];
  /** Asked for every request. */
  fault: (request: StandInRequest) => Fault | undefined;
  /** The session token without which a request is refused as expired; undefined: none is asked for. */
  session: string | undefined;
  /** Keys of one answer to a listing. */
  page: number;
  /** Whether If-None-Match counts; there are servers that ignore it. */
  conditional: boolean;
  close(): Promise<void>;
}

/** A bucket `runs` in memory behind HTTP on the loopback: as much of S3 as the stores use, with faults. */
export async function s3StandIn(): Promise<S3StandIn> {
  const server = createServer();
  const standIn: S3StandIn = {
    endpoint: "",
    objects: new Map(),
    requests: [],
    fault: () => undefined,
    session: undefined,
    page: 3,
    conditional: true,
    close: () => closed(server),
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve(standIn, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(standIn, { endpoint: `http://127.0.0.1:${port}` });
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers?: { readonly [name: string]: string };
}

async function serve(standIn: S3StandIn, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "", "http://stand-in");
  const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const request = {
    method: incoming.method ?? "",
    key: rest.join("/"),
    query: url.searchParams,
    headers: incoming.headers,
  };
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  standIn.requests.push(request);
  const fault = standIn.fault(request);
  if (fault === "dropped") return void response.destroy();
  const answer = fault === "busy" || fault === "conflict" ? refusals[fault] : answerTo(standIn, bucket, request, body);
  if (fault === "unanswered") return void response.destroy();
  if (fault === "silent") return;
  const length = request.method === "HEAD" ? answer.headers?.["content-length"] : String(answer.body.length);
  response.writeHead(answer.status, { ...answer.headers, "content-length": length ?? "0" });
  if (request.method === "HEAD") response.end();
  else if (fault === "torn") response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
  else response.end(answer.body);
}

const refusals = {
  busy: refusal(503, "SlowDown", "Please reduce your request rate."),
  conflict: refusal(409, "ConditionalRequestConflict", "The conditional request cannot succeed."),
};

function answerTo(standIn: S3StandIn, bucket: string, request: StandInRequest, body: Buffer): Answer {
  const { method, key, headers } = request;
  const digest = createHash("sha256").update(body).digest("hex");
  if (!/^AWS4-HMAC-SHA256 Credential=key\//.test(headers.authorization ?? "")) {
    return refusal(403, "InvalidAccessKeyId", "The key does not exist.");
  }
  if (standIn.session !== undefined && headers["x-amz-security-token"] !== standIn.session) {
    return method === "HEAD"
      ? { status: 400, body: nothing }
      : refusal(400, "ExpiredToken", "The provided token has expired.");
  }
  if (headers["x-amz-content-sha256"] !== digest) return refusal(400, "XAmzContentSHA256Mismatch", "The body changed.");
  if (bucket !== "runs") return refusal(404, "NoSuchBucket", "The specified bucket does not exist");
  const found = standIn.objects.get(key);
  switch (method) {
    case "PUT":
      if (found !== undefined && standIn.conditional && headers["if-none-match"] === "*") {
        return refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
      }
      standIn.objects.set(key, { body, modified: new Date() });
      return { status: 200, body: nothing };
    case "DELETE":
      standIn.objects.delete(key);
      return { status: 204, body: nothing };
    case "HEAD":
      return found === undefined
        ? { status: 404, body: nothing }
        : {
            status: 200,
            body: nothing,
            headers: { "content-length": String(found.body.length), etag: md5(found.body) },
          };
    default:
      if (key === "") return listing(standIn, request.query);
      return found === undefined
        ? refusal(404, "NoSuchKey", "The specified key does not exist.")
        : { status: 200, body: found.body };
  }
}

const nothing = Buffer.alloc(0);

/** As an ETag. */
function md5(body: Buffer): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: Buffer.from(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`) };
}

function listing({ objects, page: most }: S3StandIn, query: URLSearchParams): Answer {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const after = query.get("continuation-token") ?? "";
  const entries = new Map<string, string>();
  for (const [key, { modified }] of objects) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) {
      const common = key.slice(0, end + 1);
      entries.set(common, `<CommonPrefixes><Prefix>${escapeXml(common)}</Prefix></CommonPrefixes>`);
    } else {
      const time = modified.toISOString();
      entries.set(key, `<Contents><Key>${escapeXml(key)}</Key><LastModified>${time}</LastModified></Contents>`);
    }
  }
  const names = [...entries.keys()].sort().filter((name) => name > after);
  const page = names.slice(0, most);
  const more = names.length > page.length;
  const next = more ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? "")}</NextContinuationToken>` : "";
  const xml = `<ListBucketResult><Prefix>${escapeXml(prefix)}</Prefix><IsTruncated>${more}</IsTruncated>${next}${page.map((name) => entries.get(name)).join("")}</ListBucketResult>`;
  return { status: 200, body: Buffer.from(xml) };
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
