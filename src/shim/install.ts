import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { readArguments } from "./session.ts";
import { UsageError } from "./usage-error.ts";

/** `install DIR`: copies the shim with its stores and the Node that runs it, so that a container that shares DIR has all. */
export async function install(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments(argv, {}, true);
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError("install: name one folder");
  mkdirSync(folder, { recursive: true });
  copyFileSync(process.argv[1] ?? "", path.join(folder, "shim.cjs"));
  // Beside itself it looks for what reaches a server.
  copyFileSync(
    path.join(path.dirname(realpathSync(process.argv[1] ?? "")), "stores.cjs"),
    path.join(folder, "stores.cjs"),
  );
  copyFileSync(process.execPath, path.join(folder, "node"));
  // Builtins only: an image may have a shell and nothing on its PATH.
  const start = `#!/bin/sh\ncase $0 in */*) here=\${0%/*} ;; *) here=. ;; esac\nexec "$here/node" "$here/shim.cjs" "$@"\n`;
  writeFileSync(path.join(folder, "magnus-shim"), start);
  for (const file of ["shim.cjs", "stores.cjs", "node", "magnus-shim"]) chmodSync(path.join(folder, file), 0o555);
  return exitCode.success;
}
