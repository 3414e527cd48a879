import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
}

export interface ProcessWatch {
  /** Aborted: SIGINT, then SIGTERM, then SIGKILL to the whole group. */
  readonly signal: AbortSignal;
  readonly grace: { readonly interruptMs: number; readonly terminateMs: number };
  line(text: string): void;
  /** The process has ended and left others behind in its group. */
  left(group: Group): void;
}

export interface Group {
  kill(): void;
}

/** Output of processes that were left behind is waited for so long, in milliseconds. */
const lateOutputMs = 1000;

/**
 * Runs a process in a group of its own and gives its exit code: 128 and the signal's number after a signal, 127 where
 * it cannot be started. Resolves when it has ended, also where it left others behind.
 */
export async function runProcess(command: ProcessCommand, watch: ProcessWatch): Promise<number> {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const read = Promise.all([readLines(child.stdout, watch.line), readLines(child.stderr, watch.line)]);
  const disarm = endWhenAborted(child, watch);
  const exitCode = await exitOf(child, watch.line);
  disarm();
  if (watch.signal.aborted) sendToGroup(child, "SIGKILL");
  else if (sendToGroup(child, 0)) watch.left({ kill: () => sendToGroup(child, "SIGKILL") });
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([read, new Promise((resolve) => (timer = setTimeout(resolve, lateOutputMs)))]);
  clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
  return exitCode;
}

function exitOf(child: ChildProcess, line: (text: string) => void): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      line(error.message);
      resolve(127);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signalNumbers[signal ?? ""] ?? 0)));
  });
}

const signalNumbers: { readonly [signal: string]: number } = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function endWhenAborted(child: ChildProcess, { signal, grace }: ProcessWatch): () => void {
  const timers: NodeJS.Timeout[] = [];
  const end = (): void => {
    sendToGroup(child, "SIGINT");
    timers.push(setTimeout(() => sendToGroup(child, "SIGTERM"), grace.interruptMs));
    timers.push(setTimeout(() => sendToGroup(child, "SIGKILL"), grace.interruptMs + grace.terminateMs));
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return () => {
    signal.removeEventListener("abort", end);
    for (const timer of timers) clearTimeout(timer);
  };
}

/** False where nobody is left in the group. */
function sendToGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function readLines(stream: Readable, line: (text: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  // Parts of the line that has not ended yet.
  let parts: string[] = [];
  const take = (text: string): void => {
    const [first = "", ...others] = text.split("\n");
    parts.push(first);
    for (const other of others) {
      line(parts.join("").replace(/\r$/, ""));
      parts = [other];
    }
  };
  try {
    for await (const chunk of stream) take(decoder.write(chunk));
  } catch {
    // Destroyed, because processes that were left behind keep it open.
  }
  take(decoder.end());
  const rest = parts.join("");
  if (rest !== "") line(rest);
}
