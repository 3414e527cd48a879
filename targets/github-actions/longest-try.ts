import type { TaskNode } from "../../src/ir/pipeline.ts";

/** How long all tries of a step may take together; undefined where nothing limits them. Milliseconds. */
export function longestTry({ timeoutMs, maxAttempts, backoff }: TaskNode): number | undefined {
  if (timeoutMs === undefined) return undefined;
  const pause = backoff?.maxMs ?? 0;
  return maxAttempts * timeoutMs + (maxAttempts - 1) * pause;
}
