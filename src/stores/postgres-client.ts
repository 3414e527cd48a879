import postgres from "postgres";
import { type Patience, retry } from "./retry.ts";
import { causeOf, errorCode, StoreError } from "./store-error.ts";

export interface PostgresPlace {
  /** `postgres://user@host/database`; the password may be PGPASSWORD. Never printed. */
  readonly url: string;
  /** For messages: host and database. */
  readonly name: string;
}

export interface PostgresClient {
  readonly name: string;
  /**
   * Does one piece of work, again after a failure that may pass: it has to be one that can be repeated. Throws a StoreError
   * that begins with `what`.
   */
  run<T>(what: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T>;
}

/** How long an idle connection waits for the next piece of work. Milliseconds. */
const lingerMs = 20;

/**
 * Connects for each burst of work and disconnects after it: a connection is never held while a task runs, since a server
 * has 100 of them by default and a pipeline may have more tasks than that at a time.
 */
export function postgresClient(place: PostgresPlace, patience: Patience): PostgresClient {
  let open: postgres.Sql | undefined;
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
    open ??= connect(place.url);
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

  return {
    name: place.name,
    run: async (what, work) => {
      try {
        return await retry(() => attempt(work), isTransient, patience);
      } catch (error) {
        throw error instanceof StoreError ? error : new StoreError(what, place.name, remedyOf(error));
      }
    },
  };
}

function connect(url: string): postgres.Sql {
  return postgres(url, {
    max: 1,
    connect_timeout: 10,
    // Neither is of use to a connection that lives for a few statements; a pooler in between may not allow the first.
    prepare: false,
    fetch_types: false,
    connection: { application_name: "magnus" },
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

function remedyOf(error: unknown): string {
  const cause = causeOf(error);
  switch (errorCode(error)) {
    case "42P01":
    case "3F000":
      return "its tables are missing; `magnus doctor` with this configuration makes them";
    case "28P01":
    case "28000":
      return `${cause}; check the user and the password of \`url\`, or PGPASSWORD`;
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
