/** At most so many at a time, in order of arrival. */
export interface Limit {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function limit(most: number): Limit {
  let free = most;
  let head = 0;
  let waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting[head];
    if (next === undefined) {
      free++;
      return;
    }
    // A queue by index: shifting an array of 10,000 waiters for each of them would be quadratic.
    if (++head > 1000) {
      waiting = waiting.slice(head);
      head = 0;
    }
    next();
  };
  return {
    run: async (work) => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

/**
 * Does the work for each item, begun in their order, at most `most` at a time. Gives the results in the order of the items;
 * rejects with the first failure, after which no item is begun.
 */
export async function inParallel<T, R>(
  most: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = new Array(items.length);
  const rest = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (failed) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
