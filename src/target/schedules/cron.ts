/**
 * Schedules in the part of cron that every platform reads, and reads alike. Readers disagree about the rest: `7` and
 * `FRI-SUN` as days of the week, `@daily`, seconds, `?`, `L`, ranges that wrap, steps above a field's size, and `*` with a
 * step in one day field beside the other. Libraries read all of those, each in its way, so none of them can tell what is
 * portable. Sources: Argo's github.com/robfig/cron/v3 (parser.go), GitHub's @actions/workflow-parser (cron.ts).
 */
export interface Cron {
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly days: CronField;
  readonly months: CronField;
  /** Sunday is 0. */
  readonly weekdays: CronField;
}

export interface CronField {
  readonly values: ReadonlySet<number>;
  /** Whether it is `*` and so names no value. */
  readonly open: boolean;
  readonly parts: readonly CronPart[];
}

/** What stands between commas. */
export interface CronPart {
  readonly text: string;
  readonly values: readonly number[];
  readonly step: number;
  /** It has no last value of its own: `*` with a step, `5/15`. */
  readonly endless: boolean;
}

/** Why a text is no portable schedule, and what to write instead. */
export interface NoCron {
  readonly problem: string;
  readonly remedy: string;
}

export function parseCron(text: string): Cron | NoCron {
  const parsed = parseStrictly(text);
  if (typeof parsed !== "string") return parsed;
  const spelling = portableSpelling(text);
  const portable = spelling !== undefined && typeof parseStrictly(spelling) !== "string";
  return { problem: parsed, remedy: portable ? `write \`${spelling}\`` : grammar };
}

const grammar =
  "five fields: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-6 from Sunday; each is `*`, or numbers with `,`, `-` and `/`";

/** A text says what is wrong. */
function parseStrictly(text: string): Cron | string {
  if (text.startsWith("@")) return "named schedules such as @daily are not supported on every platform";
  if (/^(CRON_)?TZ=/.test(text)) return "write the time zone under `timezone`, not before the schedule";
  if (/[^\S ]/.test(text) || text !== text.trim()) return "separate the fields by single spaces, with none around them";
  const texts = text.split(/ +/);
  if (texts.length !== fields.length) return `it has ${texts.length} fields instead of five`;
  const read: CronField[] = [];
  for (const [i, field] of fields.entries()) {
    const found = readField(texts[i] ?? "", field);
    if (typeof found === "string") return found;
    read.push(found);
  }
  const [minutes = none, hours = none, days = none, months = none, weekdays = none] = read;
  const cron = { minutes, hours, days, months, weekdays };
  return ambiguousDays(cron) ?? cron;
}

const none: CronField = { values: new Set(), open: false, parts: [] };

interface Field {
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const fields: readonly Field[] = [
  { what: "minute", min: 0, max: 59, names: [] },
  { what: "hour", min: 0, max: 23, names: [] },
  { what: "day of the month", min: 1, max: 31, names: [] },
  { what: "month", min: 1, max: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { what: "day of the week", min: 0, max: 6, names: "sun mon tue wed thu fri sat".split(" ") },
];

function readField(text: string, field: Field): CronField | string {
  const parts: CronPart[] = [];
  for (const each of text.split(",")) {
    const part = readPart(each, field);
    if (typeof part === "string") return part;
    parts.push(part);
  }
  if (parts.length > 1 && parts.some((part) => part.text.startsWith("*"))) return `\`${text}\` has \`*\` within a list`;
  return { values: new Set(parts.flatMap(({ values }) => values)), open: text === "*", parts };
}

function readPart(text: string, field: Field): CronPart | string {
  const { what, min, max } = field;
  const [, from = "", to, by] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  if (from === "" || (from === "*" && to !== undefined)) return `\`${text}\` is not a valid ${what}`;
  const first = from === "*" ? min : numberOf(from, field);
  const last = to === undefined ? (from === "*" || by !== undefined ? max : first) : numberOf(to, field);
  const step = by === undefined ? 1 : Number(by);
  if (first === undefined || last === undefined) return `\`${text}\` is not a valid ${what} (${min} to ${max})`;
  if (first > last) return `the range \`${text}\` ends before it starts`;
  if (step < 1 || step > max) return `the step of \`${text}\` is not valid for a ${what} (${min} to ${max})`;
  const values = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
  return { text, values, step, endless: to === undefined && by !== undefined };
}

function numberOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** Whether a day has to fit one field or both, depends for cron's programs on how `*` with a step is read. */
function ambiguousDays({ days, weekdays }: Cron): string | undefined {
  const stepped = [days, weekdays].some(({ parts }) => parts.some(({ text }) => text.startsWith("*/")));
  if (!stepped || days.open || weekdays.open) return undefined;
  return "`*` with a step in one day field, with the other set, means either of them to some platforms, and both to others";
}

/** The nearest text that might be portable; whether it is, its reader finds. */
function portableSpelling(text: string): string | undefined {
  const plain = text.trim().replace(/^(CRON_)?TZ=\S*\s+/, "");
  if (plain.startsWith("@")) return macros.get(plain.toLowerCase());
  const texts = plain.split(/\s+/);
  // Seconds first, as Quartz has them, perhaps a year last.
  const six = texts.length === 7 && texts[6] === "*" ? texts.slice(0, 6) : texts;
  const five = six.length === 6 && six[0] === "0" ? six.slice(1) : six;
  const spelt = five.map((each, i) => spelling(each, fields[i]));
  const [, , days = "", , weekdays = ""] = spelt;
  const both = days !== "*" && weekdays !== "*";
  return spelt
    .map((each, i) => (both && i % 2 === 0 && i > 0 ? each.replace(/^\*/, wholeOf(fields[i])) : each))
    .join(" ");
}

const macros: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
  ["@every 1h", "0 * * * *"],
]);

function wholeOf(field: Field | undefined): string {
  return field === undefined ? "*" : `${field.min}-${field.max}`;
}

function spelling(text: string, field: Field | undefined): string {
  if (field === undefined) return text;
  const parts = text.split(",").filter((part) => part !== "");
  const open = parts.find((part) => part === "*" || part === "?");
  if (open !== undefined) return "*";
  return parts.map((part) => spellingOfPart(part, field)).join(",");
}

function spellingOfPart(text: string, field: Field): string {
  const { min, max } = field;
  const [, from = "", to, by] = /^([^/-]+)(?:-([^/-]+))?(?:\/(\d+))?$/.exec(text) ?? [];
  const sunday = max === 6;
  // All of cron's programs but these two know a second Sunday.
  const valueIn = (each: string): number | undefined => (sunday && each === "7" ? 0 : numberOf(each, field));
  const step = by === undefined ? "" : `/${by}`;
  const first = from === "*" || from === "?" ? min : valueIn(from);
  if (first === undefined) return text;
  if (to === undefined) return Number(by ?? 1) > max - min ? `${first}` : from === "7" && sunday ? `0${step}` : text;
  const last = valueIn(to);
  if (last === undefined || first <= last || step !== "") return text;
  return [rangeText(first, max), rangeText(min, last)].join(",");
}

function rangeText(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}
