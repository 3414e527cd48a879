import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  /** With user and password, without a database. */
  readonly url: string;
  /** Where its Unix socket is. */
  readonly socketFolder: string;
  stop(): Promise<void>;
  /** Ends the server at once, as a crash does, and starts it again on the same data. */
  restart(): Promise<void>;
}

/** The folder of PostgreSQL's programs, as distributions install them; undefined where there is none. */
export function postgresPrograms(): string | undefined {
  const versions = "/usr/lib/postgresql";
  const debian = existsSync(versions) ? readdirSync(versions).map((name) => path.join(versions, name, "bin")) : [];
  const folders = [...debian, ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(path.join(folder, name))));
}

/**
 * A server on the loopback with data in a new folder, and passwords. It refuses to run as root, so it runs as nobody then.
 * `prepare` may add files to the folder of its data before the first start.
 */
export async function postgresServer(programs: string, prepare?: (data: string) => void): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-postgres-"));
  const who = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const password = path.join(folder, "password");
  writeFileSync(password, "only for tests\n");
  chmodSync(folder, 0o755);
  for (const file of [folder, password]) if (who.uid !== undefined) chownSync(file, who.uid, who.gid);
  const data = path.join(folder, "data");
  const initialise = [
    "-D",
    data,
    "-U",
    "magnus",
    "--pwfile",
    password,
    "--auth=scram-sha-256",
    "-E",
    "UTF8",
    "--no-sync",
  ];
  execFileSync(path.join(programs, "initdb"), initialise, { ...who, stdio: "ignore", env: { LC_ALL: "C.UTF-8" } });
  prepare?.(data);
  if (who.uid !== undefined) for (const file of readdirSync(data)) chownSync(path.join(data, file), who.uid, who.gid);
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"];
    const child = spawn(
      path.join(programs, "postgres"),
      ["-D", data, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])],
      { ...who, cwd: folder, stdio: ["ignore", "ignore", "pipe"], env: { LC_ALL: "C.UTF-8" } },
    );
    await ready(child);
    return child;
  };
  let server = await start();
  return {
    url: `postgres://magnus:only%20for%20tests@127.0.0.1:${port}`,
    socketFolder: folder,
    stop: async () => {
      await ended(server, "SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
    restart: async () => {
      await ended(server, "SIGQUIT");
      server = await start();
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      told = `${told}${text}`.slice(-10_000);
      if (told.includes("ready to accept connections")) resolve();
    });
    child.once("exit", () => reject(new Error(`PostgreSQL does not start:\n${told}`)));
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
