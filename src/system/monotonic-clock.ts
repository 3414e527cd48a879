/**
 * Milliseconds since this process began, by a clock that nobody sets. (`performance.now()` says the same; the first look at
 * it loads a module of Node's that costs more than reading a whole run log.)
 */
export function monotonicMs(): number {
  return process.uptime() * 1000;
}
