/** A store as somebody would add it: all of it is here, with a password in its settings and a token in a variable. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ServiceError } from "../../src/protocol/services.ts";
import type { CatalogKind, Elsewhere, Keys, RunLogKind, SettingsOf } from "../../src/stores/contract/service-kind.ts";
import { fileSystemCatalog } from "../../src/stores/folder/catalog.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";

const keys = {
  /** Where the vault is: a folder, in which the file `password` has its password. */
  vault: { kind: "text", required: true },
  password: { kind: "secret", required: true },
  drawer: { kind: "text", default: "top" },
} as const satisfies Keys;

const secretVariables = ["VAULT_TOKEN"];

export const vaultRunLog: RunLogKind<typeof keys> = {
  type: "vault",
  keys,
  secretVariables,
  open: (settings, { cwd }) => ({ ...fileSystemRunLogStore(drawerOf(settings, cwd, "runs")), name: nameOf(settings) }),
};

export const vaultCatalog: CatalogKind<typeof keys> = {
  type: "vault",
  keys,
  secretVariables,
  open: (settings, { cwd }) => ({ ...fileSystemCatalog(drawerOf(settings, cwd, "files")), name: nameOf(settings) }),
};

export const vaultElsewhere: Elsewhere = {
  needs: () => ["VAULT_TOKEN"],
};

function drawerOf({ vault, password, drawer }: SettingsOf<typeof keys>, cwd: string, what: string): string {
  const lock = path.resolve(cwd, vault, "password");
  if (!existsSync(lock) || readFileSync(lock, "utf8") !== password) throw new ServiceError("the vault stays closed");
  return path.resolve(cwd, vault, drawer, what);
}

function nameOf({ vault, drawer }: SettingsOf<typeof keys>): string {
  return `vault (${vault}/${drawer})`;
}
