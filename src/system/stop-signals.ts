import { monotonicMs } from "./monotonic-clock.ts";

/**
 * The signals that stop a process, as abort signals. The first one stops (its name is the reason), a later one, after a
 * moment in which a terminal and a script may send the same wish twice, kills.
 */
export function stopSignals(): { readonly stop: AbortSignal; readonly kill: AbortSignal } {
  const stop = new AbortController();
  const kill = new AbortController();
  let first = 0;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        first = monotonicMs();
        stop.abort(signal);
      } else if (monotonicMs() - first > 500) kill.abort(signal);
    });
  }
  return { stop: stop.signal, kill: kill.signal };
}
