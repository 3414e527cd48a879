import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunLogStore } from "../../../src/stores/contract/run-log-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import { openPostgresRunLog } from "../../../src/stores/postgres/open-postgres.ts";
import { type PostgresServer, postgresPrograms, postgresServer } from "../../support/postgres-server.ts";
import { event, type Place, runLogSuite } from "../contract/run-log-suite.ts";

const programs = postgresPrograms();
const title =
  programs === undefined ? "PostgreSQL (left out: initdb is not installed; see package postgresql)" : "PostgreSQL";

describe.skipIf(programs === undefined)(title, () => {
  let server: PostgresServer;
  let schemas = 0;

  beforeAll(async () => {
    server = await postgresServer(programs ?? "");
  });
  afterAll(() => server.stop());

  const open = (schema: string, url = `${server.url}/postgres`, mayMigrate = true): RunLogStore =>
    openPostgresRunLog(
      { url, schema, name: "localhost/postgres" },
      { environment: {}, mayMigrate, patience: { patienceMs: 15_000, firstPauseMs: 10 } },
    );
  const newSchema = (): string => `s${++schemas}`;

  runLogSuite("postgres", (): Place => {
    const schema = newSchema();
    return { open: () => open(schema) };
  });

  it("makes its tables once, whoever comes first", async () => {
    const schema = newSchema();
    const created = await Promise.all(Array.from({ length: 6 }, (_, i) => open(schema).create(`r${i}`)));
    expect(created.every((log) => log !== null)).toBe(true);
  });

  it("makes no tables for a step, and says who does", async () => {
    const store = open(newSchema(), undefined, false);
    await expect(store.open("r").append([event(1)])).rejects.toThrow(
      /^cannot write to localhost\/postgres: its tables are missing; `magnus doctor`/,
    );
  });

  it("refuses the tables of a later version", async () => {
    const schema = newSchema();
    await open(schema).list();
    const { default: postgres } = await import("postgres");
    const sql = postgres(`${server.url}/postgres`, { max: 1 });
    await sql.unsafe(`update ${schema}.magnus_version set version = 99`);
    await sql.end();
    await expect(open(schema).list()).rejects.toThrow("made by a later version of magnus");
  });

  it("holds no connection while nothing happens", async () => {
    const { default: postgres } = await import("postgres");
    const sql = postgres(`${server.url}/postgres`, { max: 1 });
    const schema = newSchema();
    const logs = Array.from({ length: 20 }, (_, i) => open(schema).open(`r${i}`));
    await Promise.all(logs.map((log) => log.append([event(1)])));
    const count = async () =>
      Number((await sql`select count(*) from pg_stat_activity where application_name = 'magnus'`)[0]?.count);
    for (let i = 0; i < 100 && (await count()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await count()).toBe(0);
    await sql.end();
  });

  it("lets more write at a time than the server takes connections", async () => {
    const schema = newSchema();
    await open(schema).list();
    const logs = Array.from({ length: 150 }, () => open(schema, undefined, false).open("r"));
    const won = await Promise.all(
      logs.map(async (log, i) => {
        await log.append([event(1, `w${i}`)]);
        return log.claim(`c${i % 10}`);
      }),
    );
    expect(won.filter((mine) => mine)).toHaveLength(10);
    expect(await open(schema).open("r").read()).toHaveLength(150);
  });

  it("outlives a server that crashes and starts again: nothing lost, nothing doubled", async () => {
    const schema = newSchema();
    const log = await open(schema).create("r");
    const other = open(schema).open("r");
    const writing = (async () => {
      for (let i = 1; i <= 60; i++) {
        await log?.append([event(i)]);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const claiming = (async () => {
      let won = 0;
      for (let i = 0; i < 60; i++) won += (await other.claim(`c${i}`)) ? 1 : 0;
      return won;
    })();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await server.restart();
    await writing;
    expect(await claiming).toBe(60);
    expect((await other.read()).map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 60 }, (_, i) => `w1-${i + 1}`).sort(),
    );
  });

  it.each([
    ["a wrong password", (url: string) => url.replace("only", "0nly"), /password authentication failed.*PGPASSWORD/],
    ["no such database", (url: string) => url.replace(/postgres$/, "nowhere"), /"nowhere" does not exist; create it/],
  ])("says what is wrong: %s", async (_, change, message) => {
    const failing = open("s", change(`${server.url}/postgres`)).list();
    await expect(failing).rejects.toThrow(message);
    await failing.catch((error) => {
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).not.toMatch(/[0o]nly/);
      expect(error.message).not.toContain("\n");
    });
  });
});

it("a PostgreSQL that is not there is tried for a while, then named", async () => {
  const store = openPostgresRunLog(
    { url: "postgres://magnus:hidden@127.0.0.1:1/runs", schema: "s", name: "127.0.0.1:1/runs" },
    { environment: {}, mayMigrate: true, patience: { patienceMs: 300, firstPauseMs: 10 } },
  );
  await expect(store.open("r").read()).rejects.toThrow(/^cannot make the tables in 127.0.0.1:1\/runs: .*ECONNREFUSED/);
});
