import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface ProcessOutput {
  readonly write: (text: string) => void;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly environment: Record<string, string>;
  /** Ends the process and all that it started. */
  readonly signal: AbortSignal;
  readonly output?: ProcessOutput;
}

export interface Ended {
  /** 128 where it could not be started; 128 + the number of the signal that ended it. */
  readonly exit: number;
  readonly message?: string;
}

/** Runs a program in a process group of its own, which ends with it. */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions): Promise<Ended> {
  const { cwd, environment, signal, output } = options;
  if (signal.aborted) return Promise.resolve({ exit: 137 });
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: output === undefined ? "ignore" : ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => output?.write(text));
  const kill = (): void => killGroup(child.pid);
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill("SIGTERM");
    late = setTimeout(kill, grace);
  };
  signal.addEventListener("abort", stop);
  return new Promise((resolve) => {
    child.on("error", ({ message }) => {
      signal.removeEventListener("abort", stop);
      resolve({ exit: 128, message });
    });
    child.on("exit", (code, by) => {
      signal.removeEventListener("abort", stop);
      clearTimeout(late);
      // A container's end is the end of all of its processes.
      kill();
      resolve({ exit: code ?? 128 + (by === null ? 0 : constants.signals[by]) });
    });
  });
}

/** Kubernetes' is 30 s. Milliseconds. */
const grace = 10_000;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended already.
  }
}
