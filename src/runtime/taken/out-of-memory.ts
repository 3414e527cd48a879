import { readFileSync } from "node:fs";

/** Tells whether the kernel has killed something of this process's cgroup for lack of memory. */
export interface OutOfMemory {
  /** Whether that happened since the last call (at first: since this was opened). */
  happened(): boolean;
}

/**
 * `eventsFile`: of this process's cgroup, version 2's `memory.events` or version 1's `memory.oom_control`, which say so in
 * the same line; undefined where the system has none.
 */
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
  const groups = readOrEmpty("/proc/self/cgroup");
  const [, group] = groups.match(/^0::(.*)$/m) ?? [];
  const [, old] = groups.match(/^\d+:memory:(.*)$/m) ?? [];
  const root = "/sys/fs/cgroup";
  // In a container the path may be the host's; its own group is then the root of what is mounted.
  const files = [
    `${root}${group}/memory.events`,
    `${root}/memory.events`,
    `${root}/memory${old}/memory.oom_control`,
    `${root}/memory/memory.oom_control`,
  ];
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
