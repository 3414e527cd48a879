import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "./build.ts";

/**
 * Builds the programs of a magnus whose list of backends names one more: the list is a module, which is all that has to be
 * replaced. Gives the folder, which the caller removes.
 */
export function buildWithVault(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-with-vault-"));
  for (const part of ["src", "targets", "scripts", "templates", "python/src", "package.json", "tsconfig.json"]) {
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  mkdirSync(path.join(folder, "test/support"), { recursive: true });
  cpSync(path.join(root, "test/support/vault-store.ts"), path.join(folder, "test/support/vault-store.ts"));
  const services = path.join(folder, "src/services");
  renameSync(path.join(services, "service-kinds.ts"), path.join(services, "usual-kinds.ts"));
  writeFileSync(path.join(services, "service-kinds.ts"), listWithVault);
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: folder, stdio: "inherit" });
  return folder;
}

const listWithVault = `
import { vaultCatalog, vaultElsewhere, vaultRunLog } from "../../test/support/vault-store.ts";
import * as usual from "./usual-kinds.ts";

export const serviceKinds = {
  ...usual.serviceKinds,
  run_log_store: [...usual.serviceKinds.run_log_store, vaultRunLog],
  catalog: [...usual.serviceKinds.catalog, vaultCatalog],
};
export const elsewhereOf = { ...usual.elsewhereOf, vault: vaultElsewhere };
`;
