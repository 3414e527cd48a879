import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, readlinkSync, realpathSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { dirname, join } from "node:path";
import { scratchFolder } from "../given/scratch.ts";
import type { Command } from "./command.ts";

/** A command that was started; it is killed with its whole session when this process ends, however it does. */
export interface GuardedChild {
  readonly child: ChildProcess;
  /** Kills what belongs to its session, in whatever process group: what left the session on purpose stays. */
  killSession(): void;
  /** It has ended: what it left behind may stay. */
  release(): void;
  /** The system's error number, where the command could not be started after all; asked once, with the code of its end. */
  failure(exitCode: number): number | undefined;
}

/**
 * Starts a command in a session of its own. On Linux a small program becomes the command (src/shim/launcher/guard.h), so
 * that none is ever unguarded; where it is not there, a shell watches over the commands, which it knows a moment after they
 * began. Throws what `spawn` throws.
 */
export function startGuarded(command: Command): GuardedChild {
  const launcher = findLauncher();
  return launcher === undefined ? startWatched(command) : startLaunched(command, launcher);
}

/** The program cannot be used any more (it was removed): commands are watched from now on. False where none was used. */
export function forgetLauncher(): boolean {
  const used = launcherFile !== undefined && launcherFile !== null;
  launcherFile = null;
  return used;
}

let launcherFile: string | null | undefined;

/** Beside this program: as the package has it, or as `magnus-shim install` puts it. */
function findLauncher(): string | undefined {
  if (launcherFile === undefined) launcherFile = process.platform === "linux" ? besideProgram() : null;
  return launcherFile ?? undefined;
}

function besideProgram(): string | null {
  try {
    const folder = dirname(realpathSync(process.argv[1] ?? ""));
    const isInstalled = existsSync(join(folder, "lib/ld.so"));
    const file = join(folder, isInstalled ? "magnus-shim" : `launcher-${process.arch}`);
    accessSync(file, constants.X_OK);
    return file;
  } catch {
    return null;
  }
}

/** This process's end of the socket from which the guard reads (guard.h). */
let guard: Socket | undefined;
let started = 0;

function startLaunched(command: Command, launcher: string): GuardedChild {
  const link = join(scratchFolder(), `${++started}.failure`);
  const mode = guard === undefined ? "first" : "next";
  const child = spawn(launcher, [mode, `${process.pid}`, link, command.file, ...command.args], {
    ...optionsOf(command),
    argv0: "magnus-guard",
    stdio: [stdinOf(command), "pipe", "pipe", guard ?? "pipe"],
  });
  const { pid } = child;
  const own = child.stdio[3];
  if (own instanceof Socket && own !== guard) guard = quiet(own, () => (guard = undefined));
  return {
    child,
    killSession: () => tell(pid, killNow),
    release: () => tell(pid === undefined ? undefined : -pid),
    failure: (code) => (code === 126 || code === 127 ? readFailure(link) : undefined),
  };
}

const killNow = 0x40000000;

function tell(pid: number | undefined, more = 0): void {
  if (pid === undefined) return;
  const record = Buffer.alloc(4);
  record.writeInt32LE(pid + more);
  guard?.write(record);
}

/** Never keeps this process alive, never fails; `gone` is called when the other end has gone. */
function quiet(socket: Socket, gone: () => void): Socket {
  return socket
    .on("error", () => {})
    .once("close", gone)
    .resume()
    .unref();
}

function readFailure(link: string): number | undefined {
  try {
    const error = Number(readlinkSync(link));
    unlinkSync(link);
    return error;
  } catch {
    return undefined;
  }
}

function optionsOf({ env, cwd }: Command) {
  return { env, cwd, detached: true } as const;
}

function stdinOf({ stdin }: Command) {
  return stdin === "open" ? "pipe" : "ignore";
}

function startWatched(command: Command): GuardedChild {
  watcher ??= openWatcher();
  const child = spawn(command.file, command.args, {
    ...optionsOf(command),
    stdio: [stdinOf(command), "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid !== undefined) watcher?.write(`${pid}\n`);
  return {
    child,
    killSession: () => {},
    release: () => void (pid !== undefined && watcher?.write(`-${pid}\n`)),
    failure: () => undefined,
  };
}

let watcher: Socket | undefined;

/** Keeps the groups that run in $groups; at the end of its input, which is that of this process, it kills them. */
const watching = `trap '' HUP INT TERM
groups=' '
while read -r group; do
  case $group in
    -*) group=" \${group#-} "; case $groups in *"$group"*) groups="\${groups%%"$group"*} \${groups#*"$group"}" ;; esac ;;
    *) groups="$groups$group " ;;
  esac
done
for group in $groups; do { kill -s KILL -- "-$group" || kill -KILL "-$group"; } 2>/dev/null; done`;

function openWatcher(): Socket | undefined {
  const { PATH = "" } = process.env;
  const child = spawn("/bin/sh", ["-c", watching], {
    cwd: "/",
    env: { PATH },
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => {}).unref();
  return child.stdin instanceof Socket ? quiet(child.stdin, () => (watcher = undefined)) : undefined;
}
