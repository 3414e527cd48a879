import type postgres from "postgres";
import { StoreError } from "../contract/store-error.ts";

/** Counts the changes to the tables. */
const tablesVersion = 1;

/**
 * Makes the tables, or brings those of an earlier version up to date. Several may do so at a time: an advisory lock lets
 * one of them work while the others wait. Throws a StoreError where a later version of magnus made them.
 */
export async function migrate(sql: postgres.Sql, schema: string, name: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('magnus tables'), hashtext(${schema}))`;
    const made = await tx`select to_regclass(${`${schema}.magnus_version`}) is not null as made`;
    const found: number = made[0]?.made
      ? Number((await tx`select version from ${tx(schema)}.magnus_version`)[0]?.version)
      : 0;
    if (found > tablesVersion) {
      throw new StoreError(
        "cannot use",
        name,
        "its tables were made by a later version of magnus; use that, or another schema",
      );
    }
    if (found === tablesVersion) return;
    await tx.unsafe(tables(schema));
    await tx`insert into ${tx(schema)}.magnus_version values (${tablesVersion})`;
  });
}

/**
 * `body` is the event's JSON as text: a database's own type would change how numbers are written. No column counts across
 * writers, and nobody reads by one: a later number may be visible before an earlier one.
 */
function tables(schema: string): string {
  const within = `"${schema}"`;
  return `
    create schema if not exists ${within};
    create table ${within}.magnus_version (version int primary key);
    create table ${within}.runs (run text primary key, token text not null, created timestamptz not null default now());
    create table ${within}.events (
      run text, id text, writer text not null, seq bigint not null, body text not null, primary key (run, id));
    create table ${within}.claims (run text, name text, token text not null, primary key (run, name));
    create table ${within}.blobs (run text, key text, content bytea not null, primary key (run, key));
  `;
}
