import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../../protocol/event.ts";
import { errorCode } from "../../system/error-code.ts";
import { present } from "../../system/present.ts";

/**
 * Where the numbers of processes mean what they mean here: this system since its start, this container. A name of small
 * letters, digits and one hyphen. Who shares a folder with us from elsewhere (a volume, a network file system) has another.
 */
export function processPlace(): string {
  place ??=
    placeOnLinux() ??
    `host-${hostname()
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "")}`;
  return place;
}

let place: string | undefined;

/** The start of the kernel, and the namespace of process numbers. */
function placeOnLinux(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
    return `${boot}-${statSync("/proc/self/ns/pid").ino.toString(36)}`;
  } catch {
    return undefined;
  }
}

/** A process of this place, as it is recorded. */
export function ownerOf(pid: number): ProcessIdentity {
  const start = processStart(pid);
  return { host: hostname(), place: processPlace(), pid, ...present({ start }) };
}

/** What is known here of a process that was recorded: `elsewhere`: of another machine or container, or before a restart. */
export function stateOf({ place: recorded, pid, start }: ProcessIdentity): "alive" | "gone" | "elsewhere" {
  if (recorded !== processPlace()) return "elsewhere";
  if (!isAlive(pid)) return "gone";
  const now = start === undefined ? undefined : processStart(pid);
  return now === start || now === undefined ? "alive" : "gone";
}

/** Whether a process of this place has that number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return errorCode(error) === "EPERM";
  }
}

/** When a process started, in the kernel's own unit, to tell it from a later one of its number; undefined: not known here. */
function processStart(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The process that started it, or took it over; undefined: not known here. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of /proc/PID/stat from the state on; the name before it, in brackets, may hold anything. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return undefined;
  }
}
