import { readFileSync } from "node:fs";

/** Tells whether the kernel has killed something of this process's cgroup for lack of memory. */
export interface OutOfMemory {
  /** Whether that happened since the last call (at first: since this was opened). */
  happened(): boolean;
}

/** `eventsFile`: cgroup v2's `memory.events` of this process; undefined where the system has none. */
export function openOutOfMemory(eventsFile: string | undefined = memoryEventsFile()): OutOfMemory {
  let seen = readKills(eventsFile);
  return {
    happened: () => {
      const now = readKills(eventsFile);
      const risen = now > seen;
      seen = now;
      return risen;
    },
  };
}

function memoryEventsFile(): string | undefined {
  const group = readOrEmpty("/proc/self/cgroup").match(/^0::(.*)$/m)?.[1];
  if (group === undefined) return undefined;
  // In a container the path may be the host's; its own group is then the root of what is mounted.
  const files = [`/sys/fs/cgroup${group}/memory.events`, "/sys/fs/cgroup/memory.events"];
  return files.find((file) => readOrEmpty(file) !== "");
}

function readKills(file: string | undefined): number {
  return file === undefined ? 0 : Number(readOrEmpty(file).match(/^oom_kill (\d+)$/m)?.[1] ?? 0);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
