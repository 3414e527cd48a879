import { isAlive, parentOf } from "../runtime/given/process-place.ts";
import { scratchOwner } from "../runtime/given/scratch.ts";

/** Whoever started this process follows it no more: it is to end soon. */
export interface FollowerGone {
  /** Aborted then; the reason stands for a signal's name. */
  readonly stop: AbortSignal;
  /** Aborted a second later: what has not ended by then is killed. */
  readonly kill: AbortSignal;
  /** Nobody else is left who would close the run. */
  isLast(): boolean;
}

/** How often a script is looked for. Milliseconds. */
const interval = 250;
/** Milliseconds. */
const grace = 1000;

/**
 * Watches over whoever started this process, where they said how (MAGNUS_FOLLOWER, MAGNUS_SCRIPT); absent: they promised
 * nothing.
 */
export function followerGone(): FollowerGone | undefined {
  const { MAGNUS_FOLLOWER: follower, MAGNUS_SCRIPT: folder } = process.env;
  if (follower === "stdin") return inputEnds();
  const script = folder ? scratchOwner(folder) : undefined;
  return script === undefined ? undefined : scriptEnds(script);
}

/** They hold its standard input open, and it has ended. */
function inputEnds(): FollowerGone {
  const { gone, end } = signals("the end of magnus run");
  process.stdin.on("end", end).on("error", end).resume();
  // A file, which ends at once, has none.
  process.stdin.unref?.();
  return { ...gone, isLast: () => true };
}

/** The script, or the subshell of it that started this process. */
function scriptEnds(script: number): FollowerGone {
  const { gone, end } = signals("the end of its script");
  const look = (): void => {
    if (!isAlive(script) || !descendsFrom(script)) end();
  };
  look();
  setInterval(look, interval).unref();
  return { ...gone, isLast: () => !isAlive(script) };
}

/** By the processes above this one; true where the system does not tell. */
function descendsFrom(script: number): boolean {
  let at: number | undefined = process.ppid;
  while (at !== undefined && at !== script) {
    if (at <= 1) return false;
    at = parentOf(at);
  }
  return true;
}

function signals(reason: string) {
  const stop = new AbortController();
  const kill = new AbortController();
  const end = (): void => {
    if (stop.signal.aborted) return;
    stop.abort(reason);
    setTimeout(() => kill.abort(reason), grace).unref();
  };
  return { gone: { stop: stop.signal, kill: kill.signal }, end };
}
