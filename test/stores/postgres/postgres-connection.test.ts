/** How a PostgreSQL is reached: encryption, passwords, sockets, poolers; against a real server. */
import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunLogStore } from "../../../src/stores/contract/run-log-store.ts";
import { openPostgresRunLog } from "../../../src/stores/postgres/open-postgres.ts";
import { type Certificate, newAuthority, newCertificate, noCertificates } from "../../support/certificates.ts";
import { pgbouncer, pgbouncerProgram } from "../../support/pgbouncer.ts";
import { type PostgresServer, postgresPrograms, postgresServer } from "../../support/postgres-server.ts";
import { type Place, runLogSuite } from "../contract/run-log-suite.ts";

const programs = postgresPrograms() ?? "";
const noServer = programs === "" ? "initdb is not installed; see package postgresql" : undefined;

type Environment = { readonly [name: string]: string };

let schemas = 0;

/** No home folder but the test's own, so that nobody's files count. */
function open(url: string, environment: Environment = {}, schema = `c${++schemas}`): RunLogStore {
  return openPostgresRunLog(
    { url, schema, name: "the database" },
    {
      environment: { HOME: folder, ...environment },
      mayMigrate: true,
      patience: { patienceMs: 5_000, firstPauseMs: 10 },
    },
  );
}

/** What `magnus doctor` says of the connection, or why there is none. */
async function told(url: string, environment: Environment = {}): Promise<string> {
  try {
    return (await open(url, environment).credentials?.()) ?? "";
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
}

const folder = mkdtempSync(path.join(tmpdir(), "magnus-connection-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withoutTls = noServer ?? noCertificates();

describe.skipIf(withoutTls !== undefined)(`PostgreSQL with TLS${leftOut(withoutTls)}`, () => {
  let server: PostgresServer;
  let authority: Certificate;
  let client: Certificate;

  beforeAll(async () => {
    authority = newAuthority(folder);
    client = newCertificate(folder, "magnus", authority);
    const own = newCertificate(folder, "server", authority, "IP:127.0.0.1");
    server = await postgresServer(programs, (data) => {
      copyFileSync(own.cert, path.join(data, "server.crt"));
      copyFileSync(own.key, path.join(data, "server.key"));
      copyFileSync(authority.cert, path.join(data, "root.crt"));
      chmodSync(path.join(data, "server.key"), 0o600);
      appendFileSync(path.join(data, "postgresql.conf"), "ssl = on\nssl_ca_file = 'root.crt'\n");
      const hba = path.join(data, "pg_hba.conf");
      const rules = "hostssl certified all 127.0.0.1/32 cert\nhostssl secure all 127.0.0.1/32 scram-sha-256\n";
      writeFileSync(hba, `${rules}host secure all 127.0.0.1/32 reject\n${readFileSync(hba, "utf8")}`);
    });
    const { default: postgres } = await import("postgres");
    const sql = postgres(`${server.url}/postgres`, { max: 1 });
    for (const name of ["certified", "secure"]) await sql.unsafe(`create database ${name}`);
    await sql.end();
  });
  afterAll(() => server?.stop());

  const ask = (parameters: string, environment: Environment = {}, database = "postgres"): Promise<string> =>
    told(`${server.url}/${database}${parameters}`, environment);

  const unchecked = "the password in `url`; the connection is encrypted, the server's certificate not checked";
  const checked = "the password in `url`; the connection is encrypted, the server's certificate checked";

  it.each([
    ["", unchecked],
    ["?sslmode=disable", "the password in `url`; the connection is not encrypted"],
    ["?sslmode=require", unchecked],
    ["?sslmode=verify-full&sslrootcert=CA", checked],
    ["?sslmode=verify-ca&sslrootcert=CA", `${checked} but for its name`],
    ["?sslmode=require&sslrootcert=CA", `${checked} but for its name`],
  ])("is reached as `%s` demands", async (parameters, expected) => {
    expect(await ask(parameters.replace("CA", authority.cert))).toBe(expected);
  });

  it("reads libpq's variables, and the files of its folder", async () => {
    const environment = { PGSSLMODE: "verify-full", PGSSLROOTCERT: authority.cert };
    expect(await ask("", environment)).toBe(checked);
    expect(await ask("?sslmode=disable", environment)).toContain("not encrypted");
  });

  it.each([
    ["an authority that nobody named", "verify-full", /nobody trusted signed the server's certificate .*sslrootcert$/],
    [
      "a mode that there is not",
      "always",
      /sslmode is "always"; use disable, prefer, require, verify-ca, verify-full$/,
    ],
    ["a file that is not there", "verify-full&sslrootcert=/none.crt", /^cannot read sslrootcert \/none.crt: ENOENT/],
  ])("says what is wrong: %s", async (_, mode, message) => {
    expect(await ask(`?sslmode=${mode}`)).toMatch(message);
  });

  it("says for whom a certificate is that is for another host", async () => {
    const url = new URL(`${server.url}/postgres?sslmode=verify-full&sslrootcert=${authority.cert}`);
    url.hostname = "localhost";
    expect(await told(url.href)).toMatch(/the server's certificate is for another host: .*localhost/);
    url.searchParams.set("sslmode", "verify-ca");
    expect(await told(url.href)).toContain("checked but for its name");
  });

  it("is known by a certificate of its own", async () => {
    const url = new URL(`${server.url}/certified?sslcert=${client.cert}&sslkey=${client.key}`);
    url.password = "";
    expect(await told(url.href)).toContain("no password; the connection is encrypted");
    expect(await told(`${server.url}/certified`)).toMatch(/client certificate/);
  });

  it("says what to do where a server wants encryption", async () => {
    expect(await ask("?sslmode=disable", {}, "secure")).toMatch(/set sslmode=require in `url`$/);
    expect(await ask("", {}, "secure")).toBe(unchecked);
  });
});

describe.skipIf(noServer !== undefined)(`PostgreSQL without TLS${leftOut(noServer)}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresServer(programs);
  });
  afterAll(() => server?.stop());

  it("is refused where encryption is demanded, at once", async () => {
    expect(await told(`${server.url}/postgres?sslmode=require`)).toBe(
      "cannot reach the database: the server takes no encrypted connections, and sslmode is require",
    );
    expect(await told(`${server.url}/postgres`)).toContain("the connection is not encrypted");
  });

  it("finds what the address leaves out in the variables, the password in a file of one's own", async () => {
    const { hostname, port, username, password } = new URL(server.url);
    const environment = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: "postgres" };
    const file = path.join(folder, "pass:words");
    const fields = (secret: string) => [hostname, port, "*", username, secret].join(":");
    const secret = decodeURIComponent(password);
    writeFileSync(file, `# all\n${fields("wrong").replace(hostname, "elsewhere")}\n${fields(secret)}\n`, {
      mode: 0o600,
    });
    const withFile = { ...environment, PGPASSFILE: file };
    expect(await told("postgres:///", withFile)).toBe(`${file}; the connection is not encrypted`);
    expect(await told("postgres:///", { ...withFile, PGPASSWORD: secret })).toMatch(/^PGPASSWORD; /);
    chmodSync(file, 0o644);
    expect(await told("postgres:///", withFile)).toMatch(/is not read, since others can read it \(chmod 600\)/);
    expect(await told(`postgres:///?password=${password}`, withFile)).toMatch(/^the password in `url`; /);
  });

  it("is reached by its socket, too", async () => {
    const { port, password } = new URL(server.url);
    const parameters = `host=${server.socketFolder}&port=${port}&user=magnus`;
    expect(await told(`postgres:///postgres?${parameters}`, { PGPASSWORD: decodeURIComponent(password) })).toBe(
      "PGPASSWORD; the connection is not encrypted",
    );
  });

  it.each([
    ["channel_binding=require", "`url` has channel_binding, which magnus does not read; leave it out"],
    ["host=a,b", "`url` names several hosts; name one that leads to the primary server"],
    ["port=x", 'the port "x" is not a number'],
  ])("what cannot be read is said: %s", async (parameter, why) => {
    expect(await told(`${server.url}/postgres?${parameter}`)).toBe(`cannot use the database: ${why}`);
  });
});

const pooler = pgbouncerProgram();
const noPooler = noServer ?? (pooler === undefined ? "pgbouncer is not installed" : undefined);

describe.skipIf(noPooler !== undefined).each(["transaction", "session"] as const)(
  `PostgreSQL behind pgbouncer, by %s${leftOut(noPooler)}`,
  (mode) => {
    let server: PostgresServer;
    let pool: Awaited<ReturnType<typeof pgbouncer>>;
    beforeAll(async () => {
      server = await postgresServer(programs);
      pool = await pgbouncer(pooler ?? "", server.url, mode);
    });
    afterAll(async () => {
      await pool?.stop();
      await server?.stop();
    });
    runLogSuite(`pgbouncer (${mode})`, (): Place => {
      const schema = `p${++schemas}`;
      return { open: () => open(`${pool.url}/postgres`, {}, schema) };
    });
  },
);

function leftOut(why: string | undefined): string {
  return why === undefined ? "" : ` (left out: ${why})`;
}
