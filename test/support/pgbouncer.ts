import { spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./free-port.ts";

/** The pooler's program; undefined where there is none. */
export function pgbouncerProgram(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"];
  return folders.map((folder) => path.join(folder, "pgbouncer")).find((file) => existsSync(file));
}

/** A pooler on the loopback before a server of this URL (with a password), which takes the same login. */
export async function pgbouncer(
  program: string,
  server: string,
  mode: "transaction" | "session",
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-pgbouncer-"));
  const { hostname, port, username, password } = new URL(server);
  const own = await freePort();
  const users = path.join(folder, "users.txt");
  writeFileSync(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  const settings = path.join(folder, "pgbouncer.ini");
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 5
`,
  );
  const root = process.getuid?.() === 0;
  chmodSync(folder, 0o755);
  if (root) for (const file of [folder, users, settings]) chownSync(file, 65534, 65534);
  const child = spawn(program, [settings], {
    ...(root ? { uid: 65534, gid: 65534 } : {}),
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told = `${told}${text}`.slice(-10_000);
      if (told.includes("process up")) resolve();
    });
    child.once("exit", () => reject(new Error(`pgbouncer does not start:\n${told}`)));
  });
  const url = new URL(server);
  url.port = `${own}`;
  return {
    url: url.href.replace(/\/$/, ""),
    stop: async () => {
      await new Promise<void>((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
