import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import postgres from "postgres";
import { causeOf, errorCode } from "../../system/error-code.ts";
import { present } from "../../system/present.ts";
import { type Patience, retry } from "../../system/retry.ts";
import { StoreError } from "../contract/store-error.ts";
import type { PostgresAddress, SslMode } from "./address.ts";
import { dial } from "./socket.ts";

export interface PostgresClient {
  readonly name: string;
  /**
   * Does one piece of work, again after a failure that may pass: it has to be one that can be repeated. Throws a StoreError
   * that begins with `what`.
   */
  run<T>(what: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T>;
  /** For people: where the password is from, and what protects the connection. */
  describe(): Promise<string>;
}

/** How long an idle connection waits for the next piece of work. Milliseconds. */
const lingerMs = 20;

/**
 * Connects for each burst of work and disconnects after it: a connection is never held while a task runs, since a server
 * has 100 of them by default and a pipeline may have more tasks than that at a time.
 */
export function postgresClient(address: PostgresAddress, patience: Patience): PostgresClient {
  let open: postgres.Sql | undefined;
  let secured = false;
  let users = 0;
  let closing: NodeJS.Timeout | undefined;

  const close = (): void => {
    const ended = open;
    open = undefined;
    ended?.end({ timeout: 5 }).catch(() => {});
  };

  const attempt = async <T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    clearTimeout(closing);
    users++;
    open ??= connect(address, (socket) => (secured = socket instanceof TLSSocket));
    const own = open;
    try {
      return await work(own);
    } catch (error) {
      // A broken connection serves nobody; whoever waits on it fails and tries again on a new one.
      if (isTransient(error) && open === own) close();
      throw error;
    } finally {
      users--;
      if (users === 0) closing = setTimeout(close, lingerMs);
    }
  };

  const run: PostgresClient["run"] = async (what, work) => {
    try {
      return await retry(() => attempt(work), isTransient, patience);
    } catch (error) {
      throw error instanceof StoreError ? error : new StoreError(what, address.name, remedyOf(error, address));
    }
  };
  return {
    name: address.name,
    run,
    describe: async () => {
      await run("cannot reach", (sql) => sql`select 1`);
      return `${address.passwordFrom}; ${secured ? protection[address.tls.mode] : "the connection is not encrypted"}`;
    },
  };
}

const protection: { readonly [mode in SslMode]: string } = {
  disable: "the connection is not encrypted",
  prefer: "the connection is encrypted, the server's certificate not checked",
  require: "the connection is encrypted, the server's certificate not checked",
  "verify-ca": "the connection is encrypted, the server's certificate checked but for its name",
  "verify-full": "the connection is encrypted, the server's certificate checked",
};

function connect(address: PostgresAddress, onSocket: (socket: Socket) => void): postgres.Sql {
  const { host, port, user, database, password, options } = address;
  const socket = async (): Promise<Socket> => {
    const dialled = await dial(address);
    onSocket(dialled);
    return dialled;
  };
  return postgres({
    // Everything is said here: the library would look for the rest in this process's environment.
    ...{ host, port, user, database, password, socket, ssl: false },
    max: 1,
    connect_timeout: address.connectTimeoutMs / 1000,
    // Neither is of use to a connection that lives for a few statements; a pooler in between may not allow the first.
    prepare: false,
    fetch_types: false,
    connection: { application_name: "magnus", ...present({ options }) },
    onnotice: () => {},
  });
}

/**
 * What passes by itself: too many connections, a server that starts or stops, two transactions in each other's way.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const transient: readonly string[] = [
  ...["53300", "57P01", "57P02", "57P03", "08000", "08003", "08006", "40001", "40P01"],
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "EHOSTUNREACH"],
  ...["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "CONNECT_TIMEOUT"],
];

function isTransient(error: unknown): boolean {
  return transient.includes(errorCode(error) ?? "");
}

function remedyOf(error: unknown, { passwordFrom }: PostgresAddress): string {
  const cause = causeOf(error);
  switch (errorCode(error)) {
    case "42P01":
    case "3F000":
      return "its tables are missing; `magnus doctor` with this configuration makes them";
    case "28000":
      if (cause.endsWith("no encryption")) return `${cause}; set sslmode=require in \`url\``;
      return `${cause}; check the user of \`url\``;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the server's certificate is for another host: ${cause.replace(/^.*altnames: /, "")}`;
    case "CERT_HAS_EXPIRED":
      return "the server's certificate has expired";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return `nobody trusted signed the server's certificate (${cause}); name the certificate of who did as sslrootcert`;
    case "28P01":
      return `${cause}; asked with ${passwordFrom}; it may be in \`url\`, PGPASSWORD or ~/.pgpass`;
    case "3D000":
      return `${cause}; create it, or name another in \`url\``;
    case "42501":
      return `${cause}; grant it to the user of \`url\``;
    case "53300":
      return `${cause}; run fewer steps at a time, or put a pooler before the server`;
    default:
      return cause;
  }
}
