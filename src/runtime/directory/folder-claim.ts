import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isArray, isObject, parseJson, printJson } from "../../protocol/json.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { createFile } from "../../system/atomic-file.ts";
import { errorCode } from "../../system/error-code.ts";

/** A run that has its steps write a project's folder, or that has a directory of its own there. */
export interface Holder {
  readonly run: string;
  /** Runs of whose steps it is a part. */
  readonly within: readonly string[];
  /** Its process, which may have ended meanwhile. */
  readonly pid: number;
  /** When that process started, as the system tells it; empty where it does not. */
  readonly started: string;
  readonly host: string;
  /** It works in a directory of its own. */
  readonly apart?: true;
}

export interface FolderClaim {
  /** Runs that were here before and are still going, the first first; without those that this one is a part of. */
  readonly others: readonly Holder[];
  /** Since when the first of them may have written here, by the clock of the folder. Milliseconds. */
  readonly since: number;
  /** Runs that ended without giving theirs back. */
  readonly ended: readonly Holder[];
  /** Tells later runs that this one does not write the project's folder. */
  stayApart(): void;
}

/**
 * Claims a project's folder for a run. The claims are numbered files below `.magnus/live`; who is first is decided by the
 * number alone, since the highest one is never removed. A claim ends when its process does, however that ends. Undefined
 * where no file can be made.
 */
export function claimFolder(
  project: string,
  run: string,
  within: string | undefined,
  pid: number,
): FolderClaim | undefined {
  const folder = claimsOf(project);
  try {
    const parents = within ? [within, ...(holderOf(project, within)?.within ?? [])] : [];
    const holder: Holder = { run, within: parents, pid, started: startOf(pid) ?? "", host: hostname() };
    const own = numberOf(folder, holder);
    const before = numbersIn(folder).filter((number) => number < own);
    const others: Holder[] = [];
    const ended: Holder[] = [];
    let since = Number.POSITIVE_INFINITY;
    for (const number of before) {
      const file = join(folder, `${number}`);
      const other = readHolder(file);
      const at = statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY;
      if (other === undefined || !isGoing(other, at)) {
        if (other !== undefined) ended.push(other);
        removeClaim(file);
      } else if (other.apart === undefined && !parents.includes(other.run)) {
        others.push(other);
        since = Math.min(since, at);
      }
    }
    const stayApart = (): void => writeFileSync(join(folder, `${own}`), printHolder({ ...holder, apart: true }));
    return { others, since, ended, stayApart };
  } catch (error) {
    // A folder that nobody can write needs no claim.
    if (errorCode(error) === undefined && !(error instanceof StoreError)) throw error;
    return undefined;
  }
}

/** Gives the claim of a run back; where there is none, nothing happens. */
export function releaseFolder(project: string, run: string): void {
  const folder = claimsOf(project);
  try {
    // Emptied, since the highest number has to stay.
    for (const number of numbersIn(folder)) {
      const file = join(folder, `${number}`);
      if (readHolder(file)?.run === run) writeFileSync(file, "");
    }
  } catch {
    // It ends with the process.
  }
}

function claimsOf(project: string): string {
  return join(project, ".magnus", "live");
}

/** Takes the next free number. */
function numberOf(folder: string, holder: Holder): number {
  for (;;) {
    const number = Math.max(0, ...numbersIn(folder)) + 1;
    if (createFile(join(folder, `${number}`), printHolder(holder))) return number;
  }
}

function numbersIn(folder: string): readonly number[] {
  try {
    const names = readdirSync(folder).filter((name) => /^\d{1,15}$/.test(name));
    return names.map(Number).sort((a, b) => a - b);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function holderOf(project: string, run: string): Holder | undefined {
  const folder = claimsOf(project);
  for (const number of numbersIn(folder)) {
    const holder = readHolder(join(folder, `${number}`));
    if (holder?.run === run) return holder;
  }
  return undefined;
}

function printHolder(holder: Holder): string {
  return `${printJson({ ...holder, within: [...holder.within] })}\n`;
}

/** Undefined: it was given back, or is no claim. */
function readHolder(file: string): Holder | undefined {
  try {
    const holder = parseJson(readFileSync(file, "utf8"));
    if (!isObject(holder)) return undefined;
    const { run, within = null, pid, started, host, apart } = holder;
    if (typeof run !== "string" || typeof started !== "string" || typeof host !== "string") return undefined;
    const parents = isArray(within) ? within.filter((each) => typeof each === "string") : [];
    return { run, within: parents, pid: Number(pid), started, host, ...(apart === true ? { apart } : {}) };
  } catch {
    return undefined;
  }
}

function removeClaim(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Another run did, or it stays.
  }
}

/** On another machine nobody can look: a claim from there holds for a day. Milliseconds. */
const elsewhere = 24 * 60 * 60 * 1000;

function isGoing({ pid, started, host }: Holder, claimedAt: number): boolean {
  if (host !== hostname()) return Date.now() - claimedAt < elsewhere;
  if (started !== "") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/**
 * When a process started, in ticks since boot; with its number it names a process of this machine. Undefined: it has ended,
 * or the system has no /proc. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name may hold anything, a parenthesis too.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
