/** The options by which all targets that can start runs by themselves are told when, and what they make of them. */
import * as z from "zod";
import type { OptionFinding } from "../../diagnostics/option-finding.ts";
import { type Cron, type NoCron, parseCron } from "./cron.ts";
import { oddities, runsAt, shortestPause } from "./odd-cron.ts";
import { clockChanges, zoneProblem } from "./time-zone.ts";

const text = z.string().min(1);
const entry = z.strictObject({ cron: text, timezone: text.optional() });

/** Every list is one of {cron, timezone}; a text alone is a `cron`, and `timezone` beside it that of all that have none. */
export const scheduleOptions = {
  schedule: z
    .union([text, z.array(z.union([text, entry])).min(1)])
    .optional()
    .describe("when runs start: a list of {cron, timezone}"),
  timezone: text.optional().describe("time zone of schedules without their own, such as Europe/Oslo (default: UTC)"),
  concurrency: z
    .enum(["forbid", "replace", "allow"])
    .optional()
    .describe(
      "if a scheduled run is still running when the next is due: forbid (default): the next is skipped; replace: it replaces the running one; allow: both run",
    ),
};

export interface ScheduleOptions {
  readonly schedule?:
    | string
    | readonly (string | { readonly cron: string; readonly timezone?: string | undefined })[]
    | undefined;
  readonly timezone?: string | undefined;
  readonly concurrency?: Concurrency | undefined;
}

export type Concurrency = "forbid" | "replace" | "allow";

export interface Schedule {
  readonly cron: string;
  /** Undefined: UTC. */
  readonly timezone: string | undefined;
}

export function schedulesOf({ schedule = [], timezone }: ScheduleOptions): readonly Schedule[] {
  const list = typeof schedule === "string" ? [schedule] : schedule;
  return list.map((each) =>
    typeof each === "string" ? { cron: each, timezone } : { cron: each.cron, timezone: each.timezone ?? timezone },
  );
}

/** What a platform makes of schedules. */
export interface Scheduler {
  readonly name: string;
  /** Of a time that the clock skips, or passes twice. */
  readonly skipped: string;
  readonly twice: string;
  /** On a day when the clock changes by part of an hour, where that differs. */
  readonly halfHours?: string;
  /** Between two runs that it starts, in minutes. */
  readonly shortestPause?: number;
}

/** Errors of schedules that platforms read differently or not at all, warnings of those that may surprise. */
export function checkSchedules(
  options: ScheduleOptions,
  platform: Scheduler,
  report: (finding: OptionFinding) => void,
): void {
  const { schedule, timezone } = options;
  const list = typeof schedule === "string" ? [schedule] : (schedule ?? []);
  if (timezone !== undefined) reportZone(timezone, ["timezone"], report);
  if (schedule === undefined) reportWithoutSchedule(options, report);
  for (const [i, each] of list.entries()) {
    const way = typeof schedule === "string" ? ["schedule"] : ["schedule", i];
    const { cron, timezone: own } = typeof each === "string" ? { cron: each, timezone: undefined } : each;
    const path = typeof each === "string" ? way : [...way, "cron"];
    const fine = own === undefined || reportZone(own, [...way, "timezone"], report);
    for (const finding of cronFindings(cron, fine ? (own ?? timezone) : undefined, platform))
      report({ ...finding, path });
  }
}

function reportWithoutSchedule(options: ScheduleOptions, report: (finding: OptionFinding) => void): void {
  for (const path of ["timezone", "concurrency"] as const) {
    if (options[path] === undefined) continue;
    const problem = "it has no effect without a schedule";
    report({ code: "odd-schedule", path: [path], problem, remedy: "add `schedule`, or remove it" });
  }
}

function cronFindings(
  text: string,
  zone: string | undefined,
  platform: Scheduler,
): readonly Omit<OptionFinding, "path">[] {
  const cron = parseCron(text);
  if ("problem" in cron) return [{ code: "bad-schedule", ...cron }];
  return oddOnes(cron, zone, platform).map((odd) => ({ code: "odd-schedule", ...odd }));
}

function reportZone(zone: string, path: OptionFinding["path"], report: (finding: OptionFinding) => void): boolean {
  const found = zoneProblem(zone);
  if (found !== undefined) report({ code: "bad-schedule", path, ...found });
  return found === undefined;
}

function oddOnes(cron: Cron, zone: string | undefined, platform: Scheduler): readonly NoCron[] {
  const pause = shortestPause(cron);
  const often =
    pause >= (platform.shortestPause ?? 0)
      ? []
      : [
          {
            problem: `${platform.name} starts scheduled runs at most every ${platform.shortestPause} minutes, and this asks for every ${pause === 1 ? "minute" : `${pause} minutes`}`,
            remedy: `write \`*/${platform.shortestPause}\` as the minute, or less often`,
          },
        ];
  return [...oddities(cron), ...often, ...clockOddities(cron, zone, platform)];
}

function clockOddities(cron: Cron, zone: string | undefined, platform: Scheduler): readonly NoCron[] {
  // What runs in every hour has others before and after.
  if (zone === undefined || zoneProblem(zone) !== undefined || cron.hours.values.size === 24) return [];
  const changes = clockChanges(zone, Date.now());
  const met = (kind: "skipped" | "twice"): boolean =>
    changes.some((change) => change.kind === kind && minutesOf(change).some((clock) => runsAt(cron, clock)));
  const remedy = "choose an hour that every day has once, or UTC";
  const { halfHours } = platform;
  const half = halfHours !== undefined && changes.some(({ from, until }) => (until - from) % 3_600_000 !== 0);
  return [
    ...(half ? [{ problem: `the clock of ${zone} changes by part of an hour: ${halfHours}`, remedy: "use UTC" }] : []),
    ...(met("skipped") ? [{ problem: `a clock change in ${zone} skips this time: ${platform.skipped}`, remedy }] : []),
    ...(met("twice") ? [{ problem: `a clock change in ${zone} repeats this time: ${platform.twice}`, remedy }] : []),
  ];
}

function minutesOf({ from, until }: { readonly from: number; readonly until: number }): readonly Date[] {
  return Array.from({ length: (until - from) / 60_000 }, (_, i) => new Date(from + i * 60_000));
}
