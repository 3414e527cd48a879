/** How long, and how often, something that may be refused for a moment is tried again. */
export interface Patience {
  /** From the first try on; after it the last failure is the answer. Milliseconds. */
  readonly patienceMs: number;
  /** Upper bound of the first pause; it doubles up to {@link longestPauseMs}. Milliseconds. */
  readonly firstPauseMs: number;
}

/** Long enough for a database that restarts, short enough for a step that waits for it. */
export const usualPatience: Patience = { patienceMs: 30_000, firstPauseMs: 100 };

const longestPauseMs = 4_000;

/**
 * Does the work until it succeeds, fails for good or the patience ends. Pauses are random between nothing and their bound,
 * so that many pods that were refused in the same moment do not come back in the same moment.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  isTransient: (error: unknown) => boolean,
  { patienceMs, firstPauseMs }: Patience,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const pause = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
      if (!isTransient(error) || performance.now() + pause > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
