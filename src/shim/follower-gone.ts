/**
 * Aborted once whoever started this process follows it no more: they hold its standard input open, and it has ended. The
 * reason stands for a signal's name. Absent where they promised nothing of the kind (MAGNUS_FOLLOWER).
 */
export function followerGone(): AbortSignal | undefined {
  if (process.env.MAGNUS_FOLLOWER !== "stdin") return undefined;
  const gone = new AbortController();
  const end = (): void => gone.abort("the end of magnus run");
  process.stdin.on("end", end).on("error", end).resume();
  // A file, which ends at once, has none.
  process.stdin.unref?.();
  return gone.signal;
}
