import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type { PostgresAddress } from "./address.ts";

/** Asks whether the server speaks TLS; it answers with one letter. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * A connection on which PostgreSQL's protocol may begin, encrypted as `sslmode` demands. The library's own way takes a
 * certificate's name for `localhost` where the host is an IP address, and a server without TLS for one that is to be tried
 * again. Throws an error with one line for people.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function dial(address: PostgresAddress): Promise<Socket> {
  const { host, port, tls, connectTimeoutMs } = address;
  const local = host.startsWith("/");
  const tooLate = AbortSignal.timeout(connectTimeoutMs);
  const socket = connect(local ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  try {
    await happens(socket, "connect", tooLate);
    if (local || tls.mode === "disable") return socket;
    socket.write(sslRequest);
    const [answer] = (await happens(socket, "data", tooLate)) as [Buffer];
    if (answer.toString("latin1") === "S") return await encrypted(socket, address, tooLate);
    if (tls.mode === "prefer") return socket;
    throw new Error(`the server takes no encrypted connections, and sslmode is ${tls.mode}`);
  } catch (error) {
    socket.destroy();
    if (!tooLate.aborted) throw error;
    throw withCode(`it does not answer within ${connectTimeoutMs / 1000} s`, "CONNECT_TIMEOUT");
  }
}

async function encrypted(socket: Socket, { host, tls }: PostgresAddress, tooLate: AbortSignal): Promise<TLSSocket> {
  const { mode, ...certificates } = tls;
  const secured = connectTls({
    ...certificates,
    socket,
    ...(isIP(host) ? {} : { servername: host }),
    rejectUnauthorized: mode.startsWith("verify-"),
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
  });
  await happens(secured, "secureConnect", tooLate);
  return secured;
}

/** Rejects with the error that comes first, also where the other side just goes. */
async function happens(socket: Socket, event: string, tooLate: AbortSignal): Promise<readonly unknown[]> {
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  socket.once("close", onClose);
  try {
    return await once(socket, event, { signal: AbortSignal.any([closed.signal, tooLate]) });
  } catch (error) {
    if (!closed.signal.aborted) throw error;
    throw withCode("the server closed the connection before it began", "ECONNRESET");
  } finally {
    socket.off("close", onClose);
  }
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
