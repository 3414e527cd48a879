import { userInfo } from "node:os";
import { ServiceError, serviceDefaults } from "../../protocol/services.ts";
import type { Environment } from "../../system/environment.ts";
import type { Elsewhere, Keys, RunLogKind, TextOf } from "../contract/service-kind.ts";
import { setOf } from "../contract/set-of.ts";
import { fromServerStores, lazyRunLogStore } from "../remote/lazy-stores.ts";

const keys = {
  /** `postgres://user:password@host/database`. */
  url: { kind: "text", required: true },
  /** Of the tables. */
  schema: { kind: "text", default: serviceDefaults.schema },
} as const satisfies Keys;

export const postgresRunLog: RunLogKind<typeof keys> = {
  type: "postgres",
  keys,
  secretVariables: ["PGPASSWORD"],
  open: ({ url, schema }, access) => {
    // Never the address itself: it may hold a password.
    const address = URL.canParse(url) ? new URL(url) : undefined;
    if (address === undefined || !/^postgres(ql)?:$/.test(address.protocol)) {
      throw new ServiceError("run_log_store: url is not an address of the form postgres://user@host/database");
    }
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
      throw new ServiceError(`run_log_store: schema must be of small letters, digits and _; it is "${schema}"`);
    }
    const name = `${address.host}${address.pathname}`;
    return lazyRunLogStore(`postgres (${name})`, async () =>
      (await fromServerStores(import("./open-postgres.ts"))).openPostgresRunLog({ url, schema, name }, access),
    );
  },
};

export const postgresElsewhere: Elsewhere = {
  programs: () => ["stores.cjs"],
  variables: (settings, host) => ({ ...setOf(variables, host), ...userOf(settings, host) }),
  fileVariables: ["PGSSLROOTCERT", "PGPASSFILE"],
  address: (settings, environment) => {
    const url = settings("url");
    if (url === undefined || !URL.canParse(url) || new URL(url).hostname !== "") return url;
    return `postgres://${environment.PGHOST ?? "localhost"}`;
  },
};

const variables = [
  ...["PGHOST", "PGPORT", "PGUSERNAME", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSL"],
  ...["PGSSLNEGOTIATION", "PGSSLMODE", "PGSSLROOTCERT", "PGPASSFILE"],
];

/** A database takes the name of who connects where none is said, which an image does not know. */
function userOf(settings: TextOf, host: Environment): { readonly PGUSER?: string } {
  const url = settings("url");
  if (host.PGUSER || host.PGUSERNAME || url === undefined || !URL.canParse(url)) return {};
  if (new URL(url).username !== "") return {};
  try {
    return { PGUSER: userInfo().username };
  } catch {
    return { PGUSER: "" };
  }
}
