// Compiles src/shim/launcher/launcher.c, by hand when it changes: `node scripts/build-launcher.mjs`. Needs gcc and
// binutils for each processor (Debian: gcc, gcc-aarch64-linux-gnu). `--check` compares with what is committed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../src/shim/launcher");
const compilers = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
// Small and the same everywhere: no build identity, no tables that nobody reads; segments need no page of their own.
const flags =
  "-Os -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables " +
  "-fno-unwind-tables -fno-tree-loop-distribute-patterns -fno-ident -fcf-protection=none -Wall -Wextra -Werror -s " +
  "-Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=65536";

for (const [processor, triple] of Object.entries(compilers)) {
  const scratch = mkdtempSync(path.join(tmpdir(), "magnus-launcher-"));
  const program = path.join(scratch, "launcher");
  const own = processor === "x64" ? flags : flags.replace(" -fcf-protection=none", " -mno-outline-atomics");
  execFileSync(`${triple}-gcc`, [...own.split(" "), "-o", program, "launcher.c"], { cwd: folder, stdio: "inherit" });
  const bytes = readFileSync(program);
  rmSync(scratch, { recursive: true });
  const committed = path.join(folder, `launcher-${processor}`);
  if (!process.argv.includes("--check")) writeFileSync(committed, bytes, { mode: 0o755 });
  else if (!bytes.equals(readFileSync(committed))) {
    process.stderr.write(`${committed} is not what launcher.c gives here\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`${committed} ${bytes.length} bytes\n`);
}
