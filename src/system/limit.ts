/** At most so many at a time, in order of arrival. */
export interface Limit {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Results in the order of the items; no more than the limit have been started and not ended. */
  map<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<readonly R[]>;
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
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      release();
    }
  };
  return {
    run,
    map: async (items, work) => {
      const results: Awaited<ReturnType<typeof work>>[] = new Array(items.length);
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let i = next++; i < items.length; i = next++)
          results[i] = await work(items[i] as (typeof items)[number], i);
      };
      await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
      return results;
    },
  };
}
