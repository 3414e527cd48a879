import type { Cron, CronField, NoCron } from "./cron.ts";

/** What a portable schedule means and its author may not have meant. */
export function oddities(cron: Cron): readonly NoCron[] {
  return [...bothDays(cron), ...dates(cron), ...unevenSteps(cron)];
}

function bothDays({ days, weekdays }: Cron): readonly NoCron[] {
  if (days.open || weekdays.open) return [];
  const problem = "it sets both the day of the month and the day of the week: it runs on days that match either";
  return [{ problem, remedy: "set one of them to `*`; to require both, check the other in a step" }];
}

/** Days of the months; of February those of a leap year. */
const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function dates({ days, months, weekdays }: Cron): readonly NoCron[] {
  if (!weekdays.open && !days.open) return [];
  const firstDay = Math.min(...days.values);
  const coming = [...months.values].filter((month) => firstDay <= (longest[month - 1] ?? 0));
  if (coming.length === 0) {
    return [{ problem: "this date does not exist: it never runs", remedy: "choose a day that these months have" }];
  }
  if (firstDay < 29 || coming.some((month) => month !== 2)) return [];
  return [{ problem: "it runs in leap years only", remedy: "for every year, write `28 2` or `1 3`" }];
}

const rounds = [
  { key: "minutes", each: "minute", round: "hour", size: 60 },
  { key: "hours", each: "hour", round: "day", size: 24 },
  { key: "days", each: "day", round: "month", size: 0 },
  { key: "months", each: "month", round: "year", size: 12 },
  { key: "weekdays", each: "day", round: "week", size: 7 },
] as const;

/** A step begins anew with each hour, day, month, week or year. */
function unevenSteps(cron: Cron): readonly NoCron[] {
  return rounds.flatMap(({ key, each, round, size }) =>
    cron[key].parts.flatMap(({ text, values, step, endless }) => {
      const [first = 0] = values;
      const last = values.at(-1) ?? 0;
      if (step === 1) return [];
      if (values.length === 1 && !endless) {
        return [{ problem: `\`${text}\` is ${each} ${first} alone`, remedy: `write \`${first}\`` }];
      }
      const pause = first + size - last;
      if (!endless || pause === step) return [];
      const met = size === 0 ? `${each} ${last} and ${each} ${first} may follow each other` : pauseText(pause, each);
      const problem = `\`${text}\` restarts each ${round}: ${met}${size === 0 ? "" : ` between ${each} ${last} and ${first}, not ${step}`}`;
      const remedy = `list the ${each}s that are meant, such as \`${values.slice(0, 6).join(",")}\``;
      return [{ problem, remedy }];
    }),
  );
}

function pauseText(pause: number, each: string): string {
  return `there ${pause === 1 ? `is 1 ${each}` : `are ${pause} ${each}s`}`;
}

/** The shortest pause between two runs, as far as it is below an hour. Minutes. */
export function shortestPause({ minutes, hours }: Cron): number {
  const sorted = [...minutes.values].sort((a, b) => a - b);
  const within = sorted.slice(1).map((minute, i) => minute - (sorted[i] ?? 0));
  const nextHour = [...hours.values].some((hour) => hours.values.has((hour + 1) % 24));
  const over = nextHour ? [(sorted[0] ?? 0) + 60 - (sorted.at(-1) ?? 0)] : [];
  return Math.min(60, ...within, ...over);
}

/** Whether it runs at a wall clock's time, given as if it were UTC's. */
export function runsAt({ minutes, hours, days, months, weekdays }: Cron, clock: Date): boolean {
  const dayFits = fits(days, clock.getUTCDate());
  const weekdayFits = fits(weekdays, clock.getUTCDay());
  const either = !days.open && !weekdays.open;
  return (
    fits(minutes, clock.getUTCMinutes()) &&
    fits(hours, clock.getUTCHours()) &&
    fits(months, clock.getUTCMonth() + 1) &&
    (either ? dayFits || weekdayFits : dayFits && weekdayFits)
  );
}

function fits({ values }: CronField, value: number): boolean {
  return values.has(value);
}
