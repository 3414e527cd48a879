import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./free-port.ts";

export interface CephServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const programs = ["ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];

/** Whether Ceph is installed with its S3 gateway. */
export function hasCeph(): boolean {
  const folders = (process.env.PATH ?? "").split(":");
  return programs.every((name) => folders.some((folder) => existsSync(path.join(folder, name))));
}

/**
 * Ceph's S3 gateway on the loopback, its store in memory; the user `key` with `secret`. Takes about ten seconds to start, and
 * now and then, in a cluster that is so new, hangs as it makes its first pools: then it is begun anew.
 */
export async function cephServer(): Promise<CephServer> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

async function start(): Promise<CephServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-ceph-"));
  const children: ChildProcess[] = [];
  const ask = (program: string, ...args: readonly string[]): void => {
    execFileSync(program, ["--conf", path.join(folder, "ceph.conf"), ...args], { stdio: "ignore", timeout: 30_000 });
  };
  const serve = (program: string, ...args: readonly string[]): void => {
    const log = openSync(path.join(folder, `${program}.out`), "w");
    const own = ["--conf", path.join(folder, "ceph.conf"), "-f", ...args];
    children.push(spawn(program, own, { stdio: ["ignore", log, log], cwd: folder }));
  };
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) await killed(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [cluster, disk, monitor, port] = [randomUUID(), randomUUID(), await freePort(), await freePort()];
    for (const name of ["mon", "osd", "run"]) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, "ceph.conf"), configuration(folder, cluster, monitor));
    const map = path.join(folder, "monmap");
    ask("monmaptool", "--create", "--fsid", cluster, "--addv", "a", `[v1:127.0.0.1:${monitor}]`, map);
    ask("ceph-mon", "--mkfs", "-i", "a", "--monmap", map);
    serve("ceph-mon", "-i", "a");
    ask("ceph", "osd", "new", disk, "0");
    ask("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk);
    serve("ceph-osd", "-i", "0");
    await up(() =>
      execFileSync("ceph", ["--conf", path.join(folder, "ceph.conf"), "osd", "stat"], { timeout: 10_000 }),
    );
    // Before the gateway: both make the pools that are missing, and can wait for each other for ever.
    ask("radosgw-admin", "user", "create", "--uid=u", "--display-name=u", "--access-key=key", "--secret-key=secret");
    serve("radosgw", "-n", "client.rgw.a", `--rgw-frontends=beast endpoint=127.0.0.1:${port}`);
    const endpoint = `http://127.0.0.1:${port}`;
    await answering(endpoint);
    return { endpoint, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A cluster of one, without keys between its parts. */
function configuration(folder: string, cluster: string, monitor: number): string {
  return `[global]
fsid = ${cluster}
mon host = v1:127.0.0.1:${monitor}
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
mon allow pool size one = true
mon max pg per osd = 1000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
run dir = ${folder}/run
admin socket = ${folder}/run/$name.$pid.asok
pid file = ${folder}/run/$name.pid
log file = /dev/null
mon cluster log file = /dev/null
mon data = ${folder}/mon
osd data = ${folder}/osd
keyring = ${folder}/keyring
`;
}

async function up(status: () => Buffer): Promise<void> {
  for (let i = 0; i < 50; i++) {
    if (status().toString().includes("1 up")) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("Ceph's disk does not come up");
}

async function answering(endpoint: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    try {
      await fetch(endpoint);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error("Ceph's gateway does not answer");
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
