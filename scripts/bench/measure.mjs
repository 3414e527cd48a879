// CPU, wall time and memory of a command with all that it starts.
import { spawnSync } from "node:child_process";

/** Measures one child with all that it started: getrusage of its process tree. */
const probe = `
import json, os, resource, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0:
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
wall = (time.monotonic() - start) * 1000
print(json.dumps({"cpu": (usage.ru_utime + usage.ru_stime) * 1000, "wall": wall, "memory": usage.ru_maxrss / 1024}), file=sys.stderr)
sys.exit(0 if status == 0 else 1)
`;

/** One run of a command: CPU and wall time in ms, the largest resident set in MB. */
export function measureOnce(command, args, options) {
  const result = spawnSync("/usr/bin/env", ["python3", "-c", probe, command, ...args], {
    encoding: "utf8",
    ...options,
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}\n${result.stdout}${result.stderr}`);
  return JSON.parse(result.stderr.trim().split("\n").at(-1));
}

/** Medians of a number of runs, each prepared by `prepare`. */
export function measure(command, args, { times, prepare = () => {}, ...options }) {
  const runs = Array.from({ length: times }, () => {
    prepare();
    return measureOnce(command, args, options);
  });
  const median = (key) => runs.map((run) => run[key]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  return { cpu: median("cpu"), wall: median("wall"), memory: median("memory") };
}
