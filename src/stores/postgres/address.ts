import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import path from "node:path";
import type { RemoteAccess } from "../contract/remote-access.ts";
import { StoreError } from "../contract/store-error.ts";
import { findPassword } from "./pgpass.ts";
import type { PostgresSettings } from "./postgres-settings.ts";

/** Where a database is and how it is reached. Never printed: it has the password. */
export interface PostgresAddress {
  /** For messages: host and database. */
  readonly name: string;
  /** A name, an IP address, or the folder of a Unix socket, which begins with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Empty: the server asks for none, or for a certificate. */
  readonly password: string;
  /** For people: where the password is from. */
  readonly passwordFrom: string;
  readonly tls: TlsPolicy;
  /** Startup parameter `options`. */
  readonly options?: string;
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
}

export interface TlsPolicy {
  readonly mode: SslMode;
  /** Certificates in PEM that are trusted instead of those that Node trusts. */
  readonly ca?: string;
  /** By which the server knows its client. */
  readonly cert?: string;
  readonly key?: string;
}

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION; `allow` is taken as `prefer`. */
const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** Those of libpq that are read; others would be sent to the server as settings. */
const parameters = [
  ...["host", "port", "user", "password", "dbname", "application_name", "connect_timeout", "options"],
  ...["sslmode", "sslrootcert", "sslcert", "sslkey"],
];

/**
 * Reads what libpq reads, with its precedence: the URL, then PG… variables, then files of the home folder. Throws a
 * StoreError for what cannot be used.
 * https://www.postgresql.org/docs/current/libpq-envars.html
 */
export function readPostgresAddress(
  settings: PostgresSettings,
  environment: RemoteAccess["environment"],
): PostgresAddress {
  const { name } = settings;
  const url = new URL(settings.url);
  const given = (parameter: string, inUrl: string, variable: string): string =>
    url.searchParams.get(parameter) || decoded(inUrl) || environment[variable] || "";
  const refuse = (why: string): never => {
    throw new StoreError("cannot use", name, why);
  };
  const unknown = [...url.searchParams.keys()].find((key) => !parameters.includes(key));
  if (unknown !== undefined) refuse(`\`url\` has ${unknown}, which magnus does not read; leave it out`);

  const host = given("host", url.hostname.replace(/^\[|\]$/g, ""), "PGHOST") || "localhost";
  if (host.includes(",")) refuse("`url` names several hosts; name one that leads to the primary server");
  const port = given("port", url.port, "PGPORT") || "5432";
  if (!/^\d{1,5}$/.test(port)) refuse(`the port ${JSON.stringify(port)} is not a number`);
  const user = given("user", url.username, "PGUSER") || userInfo().username;
  const database = given("dbname", url.pathname.slice(1), "PGDATABASE") || user;
  const home = environment.HOME || homedir();
  const file = environment.PGPASSFILE || path.join(home, ".pgpass");
  const inUrl = url.searchParams.get("password") || decoded(url.password);
  const found = inUrl || environment.PGPASSWORD ? undefined : findPassword(file, { host, port, database, user });
  return {
    name,
    ...{ host, port: Number(port), user, database },
    password: inUrl || environment.PGPASSWORD || found?.password || "",
    passwordFrom: inUrl
      ? "the password in `url`"
      : environment.PGPASSWORD
        ? "PGPASSWORD"
        : (found?.from ?? "no password"),
    tls: readTls(given, name, path.join(home, ".postgresql")),
    ...optional("options", given("options", "", "PGOPTIONS")),
    connectTimeoutMs: 1000 * (Number(given("connect_timeout", "", "PGCONNECT_TIMEOUT")) || 10),
  };
}

function readTls(
  given: (parameter: string, inUrl: string, variable: string) => string,
  name: string,
  folder: string,
): TlsPolicy {
  const text = given("sslmode", "", "PGSSLMODE") || "prefer";
  const mode = sslModes.find((known) => known === (text === "allow" ? "prefer" : text));
  if (mode === undefined) {
    throw new StoreError("cannot use", name, `sslmode is ${JSON.stringify(text)}; use ${sslModes.join(", ")}`);
  }
  if (mode === "disable") return { mode };
  const inFile = (parameter: string, variable: string, usual: string): string => {
    const file = given(parameter, "", variable);
    if (file === "system") return "";
    const place = file || path.join(folder, usual);
    if (file === "" && !existsSync(place)) return "";
    try {
      return readFileSync(place, "utf8");
    } catch (error) {
      throw new StoreError(`cannot read ${parameter}`, place, error);
    }
  };
  const ca = inFile("sslrootcert", "PGSSLROOTCERT", "root.crt");
  return {
    // As libpq: who says whom to trust wants it checked.
    mode: mode === "require" && ca !== "" ? "verify-ca" : mode,
    ...optional("ca", ca),
    ...optional("cert", inFile("sslcert", "PGSSLCERT", "postgresql.crt")),
    ...optional("key", inFile("sslkey", "PGSSLKEY", "postgresql.key")),
  };
}

function optional<Key extends string>(key: Key, value: string): { readonly [key in Key]?: string } {
  return value === "" ? {} : ({ [key]: value } as { readonly [key in Key]?: string });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
