/**
 * Root folders that stand for images, and steps that run in them as in a container: in namespaces of their own for
 * mounts and processes, so that the shim is PID 1 and sees nothing but the image, what is mounted, and /proc.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Step {
  /** The image's root folder. */
  readonly root: string;
  /** Mounted at their names in the root; read-only unless they stand in `writable`. */
  readonly mounts: { readonly [inside: string]: string };
  readonly writable: readonly string[];
  readonly argv: readonly string[];
  /** Values without single quotes. */
  readonly env: { readonly [name: string]: string };
  /** A name of `mounts`. */
  readonly cwd: string;
  readonly user: number;
  readonly readOnly: boolean;
}

/** Why no step can run in a root here; undefined: it can. */
export function whyNoRoots(): string | undefined {
  if (process.platform !== "linux") return "roots are Linux's";
  const { status, stderr } = spawnSync(
    "unshare",
    ["-mpf", "sh", "-c", "mount --make-rprivate / && mount -t proc proc /proc"],
    {
      encoding: "utf8",
    },
  );
  if (status === 0) return undefined;
  return `no namespaces of our own here: ${(stderr ?? "unshare is missing").trim()}`;
}

/** Starts a step; what it prints is in its streams, its exit code is the child's. */
export function startInRoot({ root, mounts, writable, argv, env, cwd, user, readOnly }: Step): ChildProcess {
  chmodSync(root, 0o755);
  for (const name of [...Object.keys(mounts), "proc", "dev"]) mkdirSync(path.join(root, name), { recursive: true });
  const binds = Object.entries(mounts).flatMap(([inside, outside]) => [
    `mount --rbind "${outside}" "$root/${inside}"`,
    ...(writable.includes(inside) ? [] : [`mount -o remount,bind,ro "$root/${inside}"`]),
  ]);
  const script = [
    "set -e",
    "mount --make-rprivate /",
    `root="${root}"`,
    'mount --bind "$root" "$root"',
    ...binds,
    'mount -t tmpfs -o mode=755 none "$root/dev"',
    'for each in null zero urandom; do touch "$root/dev/$each"; mount --bind "/dev/$each" "$root/dev/$each"; done',
    'mount -t proc proc "$root/proc"',
    ...(readOnly ? ['mount -o remount,bind,ro "$root"'] : []),
    // Found before the environment is the image's.
    `unshare=$(command -v unshare)`,
    `exec env -i ${Object.entries({ PATH: "/bin", ...env })
      .map(([name, value]) => `'${name}=${value}'`)
      .join(" ")} \\
      "$unshare" --root "$root" --wd "/${cwd}" --setgid ${user} --setuid ${user} "$@"`,
  ].join("\n");
  return spawn("unshare", ["-mpf", "--kill-child", "sh", "-c", script, "sh", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The process that a step became: the only child of the one that made its namespaces. */
export function shimOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}

/** A program without libraries that is many: busybox, of the system or of its package; undefined where there is none. */
export function findStaticBusybox(): string | undefined {
  const system = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file) && isStatic(file));
  return system ?? fetchProgram("busybox-static", "bin/busybox");
}

/** The files of a musl system's C library; undefined where they cannot be had. */
export function findMusl(): string | undefined {
  return fetchProgram("musl", "lib/x86_64-linux-musl/libc.so");
}

function isStatic(file: string): boolean {
  return !readFileSync(file).subarray(0, 4096).includes("/ld-");
}

/**
 * Unpacks a package of a Debian system, without installing it, into a folder that later runs of the tests find again.
 * Undefined where it cannot be had.
 */
function fetchProgram(name: string, file: string): string | undefined {
  const cache = path.join(tmpdir(), `magnus-test-packages-${process.getuid?.() ?? 0}`);
  const kept = path.join(cache, name);
  if (!existsSync(path.join(kept, file))) {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const fresh = mkdtempSync(path.join(cache, ".tmp-"));
    spawnSync("apt-get", ["download", "-q", name], { cwd: fresh, timeout: 60_000 });
    const [archive] = readdirSync(fresh);
    if (archive !== undefined) spawnSync("dpkg", ["-x", archive, "."], { cwd: fresh });
    // Another test file may have been as quick.
    if (existsSync(path.join(fresh, file)) && !existsSync(kept)) renameSync(fresh, kept);
    else rmSync(fresh, { recursive: true });
  }
  return existsSync(path.join(kept, file)) ? path.join(kept, file) : undefined;
}

/** A root with busybox under these names, and nothing else. */
export function busyboxRoot(root: string, busybox: string, names: readonly string[]): string {
  mkdirSync(path.join(root, "bin"), { recursive: true });
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  chmodSync(path.join(root, "bin/busybox"), 0o755);
  for (const name of names) symlinkSync("busybox", path.join(root, "bin", name));
  return root;
}

/** The folders of this system's programs and libraries, for a root that mounts them: an image of its distribution. */
export function systemMounts(root: string): { readonly [inside: string]: string } {
  const merged = existsSync("/usr/lib") && readlink("/lib") === "usr/lib";
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    if (merged && existsSync(`/usr/${name}`)) symlinkSync(`usr/${name}`, path.join(root, name));
  }
  return merged
    ? { usr: "/usr" }
    : { usr: "/usr", bin: "/bin", lib: "/lib", ...(existsSync("/lib64") ? { lib64: "/lib64" } : {}) };
}

function readlink(file: string): string | undefined {
  const { stdout } = spawnSync("readlink", [file], { encoding: "utf8" });
  return stdout?.trim();
}
