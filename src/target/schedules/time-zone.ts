import { suggest } from "../../diagnostics/suggest.ts";
import type { NoCron } from "./cron.ts";

/** Why a text names no time zone that every platform knows; undefined where it does. Names are IANA's, in their case. */
export function zoneProblem(zone: string): NoCron | undefined {
  const known = Intl.supportedValuesOf("timeZone");
  if (known.includes(zone) || zone === "UTC") return undefined;
  const remedy = `write a name of IANA's, such as \`${nearest(zone, known) ?? "Europe/Oslo"}\``;
  if (/^(UTC|GMT)?[+-]?\d/.test(zone) || /^(UTC|GMT)[+-]/.test(zone)) {
    return {
      problem: "an offset from UTC is not a time zone",
      remedy: `${remedy}; UTC+1 is \`Etc/GMT-1\`, sign reversed`,
    };
  }
  if (!isKnownHere(zone)) return { problem: "unknown time zone", remedy };
  // Intl does not mind the case, and does not tell the right one of a second name; Go and others do mind.
  if (known.some((name) => name.toLowerCase() === zone.toLowerCase()) || !zone.split(/[/_-]/).every(isInCase)) {
    return { problem: "time zone names are case-sensitive", remedy };
  }
  return undefined;
}

function nearest(zone: string, known: readonly string[]): string | undefined {
  return known.find((name) => name.toLowerCase() === zone.toLowerCase()) ?? suggest(zone, known);
}

function isKnownHere(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

/** `Kolkata`, `DumontDUrville`, `GMT+1`, `EST5EDT`, `of`. */
function isInCase(word: string): boolean {
  return (
    /^([A-Z][A-Za-z]*[a-z]|[A-Z]{1,4}|[A-Z]{3,4}[+-]?\d\w*|\d+|of|es|au|in)$/.test(word) || /^GMT[+]\d+$/.test(word)
  );
}

/** A change of the clock: wall times that it skips, or passes twice. Milliseconds, wall times as if they were UTC's. */
export interface ClockChange {
  readonly kind: "skipped" | "twice";
  readonly from: number;
  readonly until: number;
}

const day = 86_400_000;
const minute = 60_000;

/** The changes of a zone's clock in the year from an instant on. */
export function clockChanges(zone: string, since: number): readonly ClockChange[] {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  const offsetAt = (at: number): number => offsetOf(format.format(at));
  const changes: ClockChange[] = [];
  for (let at = since; at < since + 366 * day; at += day) {
    const before = offsetAt(at);
    const after = offsetAt(at + day);
    if (before === after) continue;
    let [low, high] = [at, at + day];
    while (high - low > minute) {
      const middle = low + Math.floor((high - low) / 2 / minute) * minute;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    const [from, until] = [high + Math.min(before, after), high + Math.max(before, after)];
    changes.push({ kind: after > before ? "skipped" : "twice", from, until });
  }
  return changes;
}

/** Of `11/30/2026, GMT+05:30`. Milliseconds. */
function offsetOf(text: string): number {
  const [, sign, hours = "0", minutes = "0"] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minute;
}
