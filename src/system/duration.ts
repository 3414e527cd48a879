/** Durations as people write and read them: `90s`, `1h30m`, `1.5d`. */
const units: { readonly [unit: string]: number } = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Whole milliseconds; undefined where the text is no duration or longer than can be counted. */
export function parseDuration(text: string): number | undefined {
  if (!isDuration(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  const total = Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0));
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Whether it is written as one, however long. */
export function isDuration(text: string): boolean {
  return /^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text);
}

/** A time that was measured: `0.3 s`, `4 min 05 s`, `2 h 10 min`. */
export function measuredTime(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A time that was asked for, exactly: `90 s`, `250 ms`. */
export function statedTime(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
