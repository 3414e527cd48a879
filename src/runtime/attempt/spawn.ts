import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { getSystemErrorName } from "node:util";
import { errorCode } from "../../system/error-code.ts";
import type { Command } from "./command.ts";
import { forgetLauncher, type GuardedChild, startGuarded } from "./guard.ts";

export interface Supervision {
  readonly timeoutMs?: number;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  /** Aborted with a signal's name as reason: the command's group gets that signal, after the grace KILL. */
  readonly stop: AbortSignal;
  /** Aborted: KILL at once. */
  readonly kill?: AbortSignal;
  /** Called once when `stop` is aborted, before the signal is sent. */
  onStop(): void;
  /** A promise: nothing more is read from that stream before it resolves. */
  output(stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
}

export type Ended =
  | { readonly kind: "cannot-start"; readonly exitCode: 126 | 127; readonly message: string }
  | {
      readonly kind: "exit";
      /** The command's own, or 128 + the signal's number. */
      readonly exitCode: number;
      readonly signal?: NodeJS.Signals;
      readonly timedOut: boolean;
      readonly stopped: boolean;
    };

/**
 * Runs a command to its end in a session and process group of its own; it does not outlive this process (guard.ts).
 * Resolves when it has ended and what it printed has been handed on; waits at most a second more for processes that it left
 * behind with its output open. Rejects only where `output` does; the command is killed then.
 */
export async function supervise(command: Command, supervision: Supervision): Promise<Ended> {
  let guarded: GuardedChild;
  try {
    guarded = startGuarded(command);
  } catch (error) {
    // E2BIG is thrown, unlike ENOENT and EACCES.
    return cannotStart(command, errorCode(error), error);
  }
  const { child } = guarded;
  const group = processGroup(guarded);
  const streams = [
    forward(child.stdout, (chunk) => supervision.output("stdout", chunk), group.kill),
    forward(child.stderr, (chunk) => supervision.output("stderr", chunk), group.kill),
  ];
  const ended = await watch(guarded, command, group, supervision);
  if (child.pid === undefined && existsSync(command.cwd) && forgetLauncher()) return supervise(command, supervision);
  await drained(streams);
  return ended;
}

function watch(
  { child, release, failure }: GuardedChild,
  command: Command,
  group: Group,
  supervision: Supervision,
): Promise<Ended> {
  return new Promise((resolve) => {
    let timedOut = false;
    let stopped = false;
    let cancelKill: (() => void) | undefined;
    const terminate = (signal: NodeJS.Signals): void => {
      group.send(signal);
      cancelKill ??= after(supervision.graceMs, group.kill);
    };
    const cancelTimeout = after(supervision.timeoutMs, () => {
      timedOut = !stopped;
      terminate("SIGTERM");
    });
    const onStop = (): void => {
      stopped = !timedOut;
      if (stopped) supervision.onStop();
      terminate(signalOf(supervision.stop.reason));
    };
    const forgetStop = onAbort(supervision.stop, onStop);
    const onKill = (): void => {
      if (!timedOut && !stopped) supervision.onStop();
      stopped = !timedOut;
      group.kill();
    };
    const forgetKill = supervision.kill === undefined ? () => {} : onAbort(supervision.kill, onKill);
    const finish = (ended: Ended): void => {
      cancelTimeout();
      cancelKill?.();
      forgetStop();
      forgetKill();
      // What is left of a group that was told to end must not go on.
      if (timedOut || stopped) group.kill();
      release();
      resolve(ended);
    };
    child.once("error", (error) => {
      if (child.pid === undefined) finish(cannotStart(command, errorCode(error), error));
    });
    child.once("exit", (code, signal) => {
      const exitCode = code ?? 128 + (signal === null ? 0 : signalNumber(signal));
      const error = failure(exitCode);
      if (error !== undefined) finish(cannotStart(command, getSystemErrorName(-error)));
      else finish({ kind: "exit", exitCode, ...(signal === null ? {} : { signal }), timedOut, stopped });
    });
  });
}

interface Group {
  send(signal: NodeJS.Signals): void;
  kill(): void;
}

function processGroup({ child, killSession }: GuardedChild): Group {
  const send = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      // Nobody is left, or (EPERM) what is left has become another user's.
      if (!["ESRCH", "EPERM"].includes(errorCode(error) ?? "")) throw error;
    }
  };
  const kill = (): void => {
    send("SIGKILL");
    killSession();
  };
  return { send, kill };
}

interface Forwarding {
  /** Resolves at the stream's end; rejects where the sink does. */
  readonly done: Promise<void>;
  /** The sink has something that it has not taken yet. */
  isWaiting(): boolean;
  destroy(): void;
}

function forward(
  stream: Readable | null,
  sink: (chunk: Uint8Array) => Promise<void> | void,
  onFailure: () => void,
): Forwarding {
  if (stream === null) return { done: Promise.resolve(), isWaiting: () => false, destroy: () => {} };
  let waiting = false;
  let refused = false;
  const take = async (): Promise<void> => {
    // An iterator, not `data` with pause(): at the command's exit Node resumes streams that are paused.
    for await (const chunk of stream) {
      try {
        const taken = sink(chunk);
        if (taken === undefined) continue;
        waiting = true;
        await taken;
        waiting = false;
      } catch (error) {
        refused = true;
        throw error;
      }
    }
  };
  const done = take().catch((error: unknown) => {
    // A stream that was destroyed is over.
    if (!refused) return;
    waiting = false;
    onFailure();
    throw error;
  });
  // Awaited later, when the command has ended.
  done.catch(() => {});
  return { done, isWaiting: () => waiting, destroy: () => stream.destroy() };
}

/** Milliseconds that a command's remaining output is waited for; time in which the sink is busy does not count. */
const drainMs = 1000;
const drainTickMs = 50;

async function drained(streams: readonly Forwarding[]): Promise<void> {
  let idle = 0;
  const timer = setInterval(() => {
    if (streams.some((stream) => stream.isWaiting())) return;
    idle += drainTickMs;
    if (idle >= drainMs) for (const stream of streams) stream.destroy();
  }, drainTickMs);
  try {
    await Promise.all(streams.map((stream) => stream.done));
  } finally {
    clearInterval(timer);
  }
}

function cannotStart(command: Command, code: string | undefined, error?: unknown): Ended {
  const name = command.file;
  switch (code) {
    case "ENOENT":
      if (!existsSync(command.cwd)) {
        return { kind: "cannot-start", exitCode: 127, message: `the working directory ${command.cwd} does not exist` };
      }
      return { kind: "cannot-start", exitCode: 127, message: `${name}: not found` };
    case "EACCES":
      return { kind: "cannot-start", exitCode: 126, message: `${name}: permission denied` };
    case "E2BIG":
      return {
        kind: "cannot-start",
        exitCode: 126,
        message: `${name}: the command and its environment together exceed the system's limit; ${largest(command.env)}`,
      };
    default:
      return {
        kind: "cannot-start",
        exitCode: 126,
        message: `${name}: ${error instanceof Error ? error.message : code}`,
      };
  }
}

function largest(env: { readonly [name: string]: string }): string {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, size: name.length + Buffer.byteLength(value) }));
  const top = sizes.sort((a, b) => b.size - a.size).slice(0, 3);
  return `the largest variables are ${top.map(({ name, size }) => `${name} (${size} bytes)`).join(", ")}`;
}

/** Calls back after any time: a timer of Node's holds 24.8 days at most. Gives what cancels it. */
function after(ms: number | undefined, callback: () => void): () => void {
  if (ms === undefined) return () => {};
  const longest = 2 ** 31 - 1;
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > longest ? wait(left - longest) : callback()), Math.min(left, longest));
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** Calls back when the signal is aborted, at once where it is already. Gives what forgets it. */
function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => {};
  }
  // As many as steps run at a time; Node warns of a leak at eleven.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", callback, { once: true });
  return () => signal.removeEventListener("abort", callback);
}

function signalOf(reason: unknown): NodeJS.Signals {
  return reason === "SIGINT" || reason === "SIGHUP" ? reason : "SIGTERM";
}

function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}
