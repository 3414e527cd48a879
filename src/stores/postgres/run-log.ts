import { randomUUID } from "node:crypto";
import type { Event } from "../../protocol/event.ts";
import { byWriter, parseEvents, printEvents } from "../contract/event-lines.ts";
import { blobKey, checkedRunId } from "../contract/run-log-names.ts";
import { type RunLog, type RunLogStore, wholeContent } from "../contract/run-log-store.ts";
import type { PostgresClient } from "./client.ts";
import { migrate } from "./tables.ts";

/** Rows of one statement: their values are numbered parameters, of which the protocol has 65,535. */
const mostRows = 1_000;

/**
 * Run logs in four tables of a schema: runs, events (by run and event id), claims, blobs. Every statement can be repeated
 * without changing more, which is what the client does after a failure. `mayMigrate`: makes the tables where they are
 * missing; steps never do.
 */
export function postgresRunLogStore(client: PostgresClient, schema: string, mayMigrate: boolean): RunLogStore {
  const database = mayMigrate ? migrating(client, schema) : client;
  const checked = (run: string): string => checkedRunId(run, client.name);
  const open = (run: string): RunLog => openRun(database, schema, checked(run));
  return {
    name: `postgres (${client.name})`,
    credentials: client.describe,
    create: async (run) => ((await createRun(database, schema, checked(run))) ? open(run) : null),
    open,
    exists: (run) =>
      database.run("cannot read", async (sql) => {
        const [row] = await sql`
          select exists (select 1 from ${sql(schema)}.runs where run = ${run})
              or exists (select 1 from ${sql(schema)}.events where run = ${run}) as found`;
        return row?.found === true;
      }),
    list: () =>
      database.run("cannot read", async (sql) => {
        const rows = await sql`select run from ${sql(schema)}.runs order by created desc, run desc`;
        return rows.map(({ run }) => String(run));
      }),
    remove: (run) =>
      database.run("cannot delete in", async (sql) => {
        await sql.begin(async (tx) => {
          for (const table of ["events", "claims", "blobs", "runs"]) {
            await tx`delete from ${tx(schema)}.${tx(table)} where run = ${run}`;
          }
        });
      }),
  };
}

function migrating(client: PostgresClient, schema: string): PostgresClient {
  let migrated: Promise<void> | undefined;
  return {
    ...client,
    run: async (what, work) => {
      migrated ??= client.run("cannot make the tables in", (sql) => migrate(sql, schema, client.name));
      await migrated;
      return client.run(what, work);
    },
  };
}

/** The token tells whether this call made the row, even where an earlier try of it did and its answer was lost. */
function createRun(database: PostgresClient, schema: string, run: string): Promise<boolean> {
  const token = randomUUID();
  return database.run("cannot write to", async (sql) => {
    const [row] = await sql`
      insert into ${sql(schema)}.runs as old (run, token) values (${run}, ${token})
      on conflict (run) do update set token = old.token returning token`;
    return row?.token === token;
  });
}

function openRun(database: PostgresClient, schema: string, run: string): RunLog {
  return {
    run,
    append: (events) => append(database, schema, run, events),
    read: (tell) => {
      return database.run("cannot read", async (sql) => {
        const rows = await sql`select id, body from ${sql(schema)}.events where run = ${run}`;
        return rows.flatMap(({ id, body }) =>
          parseEvents(Buffer.from(`${body}\n`), (damage) => tell?.(`the event ${id}`, damage)),
        );
      });
    },
    claim: (name) => {
      const token = randomUUID();
      return database.run("cannot write to", async (sql) => {
        const [row] = await sql`
          insert into ${sql(schema)}.claims as old (run, name, token) values (${run}, ${name}, ${token})
          on conflict (run, name) do update set token = old.token returning token`;
        return row?.token === token;
      });
    },
    putIfAbsent: async (key, content) => putBlob(database, schema, run, blobKey(key), wholeContent(content)),
    get: async (key) =>
      database.run("cannot read", async (sql) => {
        const [row] = await sql`select content from ${sql(schema)}.blobs where run = ${run} and key = ${blobKey(key)}`;
        return row === undefined ? null : Buffer.from(row.content);
      }),
    list: (prefix) =>
      database.run("cannot read", async (sql) => {
        const rows = await sql`
          select key from ${sql(schema)}.blobs where run = ${run} and starts_with(key, ${prefix}) order by key`;
        return rows.map(({ key }) => String(key));
      }),
    delete: async (key) =>
      database.run("cannot delete in", async (sql) => {
        await sql`delete from ${sql(schema)}.blobs where run = ${run} and key = ${blobKey(key)}`;
      }),
  };
}

/** A second event with an id that is there is the same event. */
async function append(database: PostgresClient, schema: string, run: string, events: readonly Event[]): Promise<void> {
  const rows = [...byWriter(events).values()].flat().map((event) => ({
    run,
    id: event.id,
    writer: event.writer,
    seq: event.seq,
    body: printEvents([event]).trimEnd(),
  }));
  const created = events.find(({ kind }) => kind === "run.created")?.time;
  await database.run("cannot write to", async (sql) => {
    await sql.begin(async (tx) => {
      // Whoever records the creation without having called `create` (a platform's first pod) makes the row.
      // A run that comes from another store is as old as it was there.
      if (created !== undefined) {
        await tx`
          insert into ${tx(schema)}.runs as old (run, token, created) values (${run}, '', ${created})
          on conflict (run) do update set created = least(old.created, excluded.created)`;
      }
      for (let from = 0; from < rows.length; from += mostRows) {
        await tx`insert into ${tx(schema)}.events ${tx(rows.slice(from, from + mostRows))} on conflict do nothing`;
      }
    });
  });
}

/** After a lost answer the same content counts as this call's. */
function putBlob(
  database: PostgresClient,
  schema: string,
  run: string,
  key: string,
  content: Buffer,
): Promise<boolean> {
  let unclear = false;
  return database.run("cannot write to", async (sql) => {
    const again = unclear;
    unclear = true;
    const rows = await sql`
      insert into ${sql(schema)}.blobs (run, key, content) values (${run}, ${key}, ${content})
      on conflict do nothing returning key`;
    if (rows.length > 0) return true;
    if (!again) return false;
    const [row] = await sql`select content from ${sql(schema)}.blobs where run = ${run} and key = ${key}`;
    return row !== undefined && content.equals(row.content);
  });
}
