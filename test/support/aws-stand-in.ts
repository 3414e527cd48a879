import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface AwsStandIn {
  readonly url: string;
  /** `GET /container`, `POST AssumeRole`, with what the form said. */
  readonly requests: {
    readonly what: string;
    readonly form: URLSearchParams;
    readonly headers: IncomingMessage["headers"];
  }[];
  /** How long what is given holds. Milliseconds. */
  holdsMs: number;
  /** What is answered instead, by status. */
  refuse: { readonly status: number; readonly code: string; readonly message: string } | undefined;
  close(): Promise<void>;
}

/**
 * Those on the loopback who give keys: STS (roles), a container's endpoint, GitHub's identity tokens. All give the key `key`
 * with `secret`, and a session `session-N`, counted from 1.
 */
export async function awsStandIn(): Promise<AwsStandIn> {
  const server = createServer();
  let sessions = 0;
  const standIn: AwsStandIn = {
    url: "",
    requests: [],
    holdsMs: 3_600_000,
    refuse: undefined,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  server.on("request", async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const url = new URL(request.url ?? "", "http://stand-in");
    const form = request.method === "GET" ? url.searchParams : new URLSearchParams(body);
    const action = form.get("Action") ?? url.pathname;
    standIn.requests.push({ what: `${request.method} ${action}`, form, headers: request.headers });
    if (standIn.refuse !== undefined) {
      const { status, code, message } = standIn.refuse;
      const error = `<Type>Sender</Type><Code>${code}</Code><Message>${message}</Message>`;
      response.writeHead(status, { "content-type": "text/xml" });
      return void response.end(`<ErrorResponse><Error>${error}</Error><RequestId>r</RequestId></ErrorResponse>`);
    }
    if (url.pathname === "/github") return void response.end(JSON.stringify({ value: "github-says-so" }));
    const until = new Date(Date.now() + standIn.holdsMs).toISOString();
    const session = `session-${++sessions}`;
    if (url.pathname === "/container") {
      response.setHeader("content-type", "application/json");
      const keys = { AccessKeyId: "key", SecretAccessKey: "secret", Token: session, Expiration: until };
      return void response.end(JSON.stringify(keys));
    }
    const keys = `<AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>${session}</SessionToken><Expiration>${until}</Expiration>`;
    const user =
      "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>";
    const result = `<${action}Result><Credentials>${keys}</Credentials>${user}</${action}Result>`;
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(`<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</${action}Response>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(standIn, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
