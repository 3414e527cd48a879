/**
 * Schedules: what is accepted is read alike by Argo's scheduler (its own Go module), by GitHub's parser and by a library
 * that is neither's, down to the minute; what is refused names what to write instead.
 */
import { isValidCron } from "@actions/workflow-parser/model/converter/cron";
import { Cron as OtherReader } from "croner";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readTargetOptions } from "../../src/configuration/read-target-options.ts";
import { type Cron, parseCron } from "../../src/target/schedules/cron.ts";
import { oddities, runsAt, shortestPause } from "../../src/target/schedules/odd-cron.ts";
import { clockChanges, zoneProblem } from "../../src/target/schedules/time-zone.ts";
import { read } from "../configuration/read.ts";
import { goReader } from "../support/go-reader.ts";
import { argo, chain, compile, usual } from "./argo/compile-argo.ts";
import { compileForGithub, mainWorkflow } from "./github-actions/compile-github-actions.ts";

const accepted = [
  "* * * * *",
  "0 0 * * *",
  "*/5 * * * *",
  "*/15 * * * *",
  "*/7 * * * *",
  "20/15 * * * *",
  "5/59 * * * *",
  "0-59/15 * * * *",
  "1,2,30 * * * *",
  "0,30 9-17 * * 1-5",
  "07 08 09 * *",
  "59 23 31 12 *",
  "0 0 29 2 *",
  "0 0 31 * *",
  "0 0 31 2 *",
  "0 0 1-7 * 1",
  "0 0 13 * 5",
  "0 0 13,20 * FRI",
  "0 0 1-31/2 * 0",
  "0 0 1 */3 *",
  "0 0 1 JAN,Apr,jul *",
  "0 6 * mar-oct mon-fri",
  "0 6 * * SUN",
  "0 6 * * sun-sat/2",
  "0 6 * * 0,6",
  "0 6 * * 0-6/3",
  "0 6 * * */2",
  "0 6 */2 * *",
  "0 6 2/10 * *",
  "0  6   * * *",
  "*/1 * * * *",
  "0 */1 * * *",
  "0 */5 * * *",
  "30 */23 * * *",
  "0 0-23 * * *",
  "10-20/15 * * * *",
  "15 2 1,1,1 * *",
  "0 0 * 2/5 *",
  "45 23 * * 6",
  "0 12 30 4,6,9,11 *",
];

/** And what is to be written instead; undefined: there is no such text. */
const refused: readonly (readonly [string, string | undefined])[] = [
  ["60 * * * *", undefined],
  ["0 24 * * *", undefined],
  ["0 0 0 * *", undefined],
  ["0 0 * 13 *", undefined],
  ["0 0 * * 7", "0 0 * * 0"],
  ["0 0 * * 5-7", "0 0 * * 5-6,0"],
  ["0 0 * * FRI-SUN", "0 0 * * 5-6,0"],
  ["0 0 * * SAT-MON", "0 0 * * 6,0-1"],
  ["0 22-2 * * *", "0 22-23,0-2 * * *"],
  ["0 0 * nov-jan *", "0 0 * 11-12,1 *"],
  ["*/60 * * * *", "0 * * * *"],
  ["*/90 * * * *", "0 * * * *"],
  ["0 */24 * * *", "0 0 * * *"],
  ["0 0 * * */7", "0 0 * * 0"],
  ["0 0 ? * MON", "0 0 * * MON"],
  ["0 0 * * ?", "0 0 * * *"],
  ["0 0 */2 * 1", "0 0 1-31/2 * 1"],
  ["0 0 */1 * 1", "0 0 1-31/1 * 1"],
  ["0 0 1 * */2", "0 0 1 * 0-6/2"],
  ["0 0 0 * * *", "0 0 * * *"],
  ["0 15 10 ? * *", "15 10 * * *"],
  ["0 0 2 * * * *", "0 2 * * *"],
  ["5 0 2 * * *", undefined],
  ["@daily", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@every 1h", "0 * * * *"],
  ["@every 90m", undefined],
  ["@reboot", undefined],
  ["0\t2 * * *", "0 2 * * *"],
  [" 0 2 * * *", "0 2 * * *"],
  ["0 2 * * * ", "0 2 * * *"],
  ["TZ=UTC 0 2 * * *", "0 2 * * *"],
  ["CRON_TZ=Europe/Oslo 0 2 * * *", "0 2 * * *"],
  ["0 2 * *", undefined],
  ["H 2 * * *", undefined],
  ["nonsense", undefined],
  ["0 0 L * *", undefined],
  ["0 0 15W * *", undefined],
  ["0 0 * * 5#2", undefined],
  ["0 0 * * 5L", undefined],
  ["*/0 * * * *", undefined],
  ["1,,2 * * * *", "1,2 * * * *"],
  ["1, * * * *", "1 * * * *"],
  ["*,5 * * * *", "* * * * *"],
  ["*-5 * * * *", undefined],
  ["-1 * * * *", undefined],
  ["+5 * * * *", undefined],
  ["1.5 * * * *", undefined],
  ["0x1 * * * *", undefined],
  ["1e1 * * * *", undefined],
  ["005 * * * *", undefined],
  ["1-5-7 * * * *", undefined],
  ["1/2/3 * * * *", undefined],
  ["0 0 * * MONDAY", undefined],
  ["0 0 * * MON/TUE", undefined],
  ["~ * * * *", undefined],
  ["５ * * * *", undefined],
];

const zones = [
  ..."UTC Europe/Oslo America/New_York America/Sao_Paulo Asia/Kolkata Asia/Kathmandu Australia/Lord_Howe".split(" "),
  ..."Africa/Casablanca Pacific/Apia America/Santiago Pacific/Chatham Etc/GMT+8 US/Eastern".split(" "),
];
const noZones: readonly (readonly [string, string | undefined])[] = [
  ["UTC+1", undefined],
  ["+01:00", undefined],
  ["GMT-5", undefined],
  ["Mars/Phobos", undefined],
  ["Europe/oslo", "Europe/Oslo"],
  ["europe/Oslo", "Europe/Oslo"],
  ["asia/kolkata", undefined],
  ["Asia/KOLKATA", undefined],
  ["Europe/Olso", "Europe/Oslo"],
  ["utc", undefined],
  ["Local", undefined],
  ["CEST", undefined],
  ["Europe/Oslo ", "Europe/Oslo"],
];

const minute = 60;
const from = Date.UTC(2028, 0, 1) / 1000 - minute;
const until = Date.UTC(2029, 0, 1) / 1000 - minute;

const cronOf = (text: string): Cron => {
  const cron = parseCron(text);
  if ("problem" in cron) throw new Error(`${text}: ${cron.problem}`);
  return cron;
};

const pieceOf = 30 * minute;

/** The difference to UTC of each half hour, in seconds. No zone changes its clock within one. */
function offsetsOf(zone: string): readonly number[] {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  return Array.from({ length: (until - from) / pieceOf }, (_, i) => {
    if (zone === "UTC") return 0;
    const shown = format.format((from + minute + i * pieceOf) * 1000);
    const [, sign, hours = "0", minutes = "0"] = /GMT(?:([+-])(\d+):(\d+))?/.exec(shown) ?? [];
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minute;
  });
}

const offsets = new Map(zones.map((zone) => [zone, offsetsOf(zone)]));

/** When it comes, by our own reading: the first so many minutes, as seconds since 1970. */
function timesOf(cron: Cron, zone: string, most: number): readonly number[] {
  const times: number[] = [];
  for (const [piece, offset] of (offsets.get(zone) ?? []).entries()) {
    const start = from + minute + piece * pieceOf;
    const hourOf = (time: number): number => new Date((time + offset) * 1000).getUTCHours();
    if (!cron.hours.values.has(hourOf(start)) && !cron.hours.values.has(hourOf(start + pieceOf - minute))) continue;
    for (let time = start; time < start + pieceOf; time += minute) {
      if (runsAt(cron, new Date((time + offset) * 1000))) times.push(time);
    }
    if (times.length >= most) break;
  }
  return times.slice(0, most);
}

/** Without days on which the clock of the zone changes by less than an hour: Argo's cron may miss a time there. */
function withoutHalfHours(times: readonly number[] | string | undefined, zone: string): readonly number[] {
  if (typeof times !== "object") throw new Error(`${zone}: ${times}`);
  const changes = clockChanges(zone, from * 1000).filter(({ from, until }) => until - from < 3_600_000);
  return times.filter((time) => !changes.some((change) => Math.abs(change.from / 1000 - time) < 1440 * minute));
}

const reader = goReader();
const leftOut = typeof reader === "string" ? ` (left out: ${reader})` : "";

function timesByArgo(schedules: readonly string[], most: number): readonly (readonly number[] | string)[] {
  if (typeof reader === "string") return [];
  const asked = schedules.map((schedule) => ({ schedule, from, until, most }));
  const answers = reader.read("cron", JSON.stringify(asked)) as readonly { error?: string; times: readonly number[] }[];
  return answers.map(({ error, times }) => error ?? times);
}

describe("a portable schedule", () => {
  test.each(accepted)("%s is GitHub's, and comes when another reader says", (text) => {
    expect(isValidCron(text)).toBe(true);
    const other = new OtherReader(text.trim(), { mode: "5-part", timezone: "UTC", paused: true, sloppyRanges: true });
    const start = new Date(from * 1000);
    const runs = other.nextRuns(300, start).map((run) => run.getTime() / 1000);
    expect(runs.filter((run) => run <= until)).toEqual(timesOf(cronOf(text), "UTC", 300));
  });

  test.skipIf(typeof reader === "string")(`comes when Argo's scheduler says${leftOut}`, () => {
    const times = timesByArgo(accepted, 2000);
    for (const [i, text] of accepted.entries()) expect(times[i], text).toEqual(timesOf(cronOf(text), "UTC", 2000));
  });

  const inZones = ["30 1-3 * * *", "15 0,2,23 * * 0,6", "0,45 * 1-7 * *"];
  test.skipIf(typeof reader === "string").each(inZones)(`%s comes so in every zone${leftOut}`, (text) => {
    const times = timesByArgo(
      zones.map((zone) => `CRON_TZ=${zone} ${text}`),
      2000,
    );
    for (const [i, zone] of zones.entries()) {
      const own = withoutHalfHours(timesOf(cronOf(text), zone, 2000), zone);
      expect(own.length).toBeGreaterThan(100);
      expect(withoutHalfHours(times[i], zone), zone).toEqual(own);
    }
  });
});

describe("what is no portable schedule", () => {
  test.each(refused)("%j is refused for %s", (text, instead) => {
    const found = parseCron(text);
    if (!("problem" in found)) throw new Error("it was accepted");
    expect(found.problem).not.toBe("");
    expect(found.remedy).toContain(instead === undefined ? "minute 0-59" : `write \`${instead}\``);
    if (instead !== undefined) expect(parseCron(instead)).not.toHaveProperty("problem");
  });
});

describe("time zones", () => {
  test.each(zones)("%s", (zone) => expect(zoneProblem(zone)).toBeUndefined());

  test("all that there are", () => {
    expect(Intl.supportedValuesOf("timeZone").filter((zone) => zoneProblem(zone) !== undefined)).toEqual([]);
  });

  test.each(noZones)("%j is none: %s", (zone, instead) => {
    const found = zoneProblem(zone);
    expect(found?.problem).toMatch(/./);
    if (instead !== undefined) expect(found?.remedy).toContain(`\`${instead}\``);
  });

  test("their clocks change when they do", () => {
    const changes = (zone: string) =>
      clockChanges(zone, Date.UTC(2026, 0, 1)).map(({ kind, from, until }) => [
        kind,
        new Date(from).toISOString().slice(0, 16),
        (until - from) / 60_000,
      ]);
    expect(changes("Europe/Oslo")).toEqual([
      ["skipped", "2026-03-29T02:00", 60],
      ["twice", "2026-10-25T02:00", 60],
    ]);
    expect(changes("Australia/Lord_Howe")).toEqual([
      ["twice", "2026-04-05T01:30", 30],
      ["skipped", "2026-10-04T02:00", 30],
    ]);
    expect(changes("Asia/Kolkata")).toEqual([]);
  });
});

describe("what may surprise", () => {
  test.each([
    ["0 0 13 * 5", "runs on days that match either"],
    ["0 0 31 2 *", "it never runs"],
    ["0 0 31 4,6 *", "it never runs"],
    ["0 0 29 2 *", "leap years only"],
    ["*/7 * * * *", "`*/7` restarts each hour: there are 4 minutes between minute 56 and 0, not 7"],
    ["0 */5 * * *", "there are 4 hours between hour 20 and 0, not 5"],
    ["0 6 */2 * *", "day 31 and day 1 may follow each other"],
    ["0 6 * * */2", "there is 1 day between day 6 and 0, not 2"],
    ["20/15 * * * *", "there are 30 minutes between minute 50 and 20, not 15"],
    ["10-20/15 * * * *", "is minute 10 alone"],
    ["* * * * *", undefined],
    ["*/15 * * * *", undefined],
    ["5/15 * * * *", undefined],
    ["0 */6 * * *", undefined],
    ["0 0 1 */3 *", undefined],
    ["0 0 31 1,2 *", undefined],
    ["0 0 30 2 1", "runs on days that match either"],
  ])("%s: %s", (text, told) => {
    const found = oddities(cronOf(text)).map(({ problem }) => problem);
    expect(found).toEqual(told === undefined ? [] : [expect.stringContaining(told)]);
  });

  test.each([
    ["* * * * *", 1],
    ["*/5 * * * *", 5],
    ["0 0 * * *", 60],
    ["0,58 * * * *", 2],
    ["0,58 3 * * *", 58],
    ["1,30,33 3 * * *", 3],
  ])("%s comes again after %i minutes", (text, pause) => expect(shortestPause(cronOf(text))).toBe(pause));
});

function found(settings: string): readonly string[] {
  const { configuration, sink } = read(`targets:\n  argo: ${settings}\n`);
  readTargetOptions(argo, configuration, sink);
  return sink.list().map(({ code, message, span }) => `${code} ${span?.start ?? ""} ${message}`);
}

describe("options", () => {
  test("what is wrong is told at its place", () => {
    expect(found('{schedule: [{cron: "0 2 * * *", timezone: Europe/Olso}, "0 25 * * *"], timezone: UTC+1}')).toEqual([
      'bad-schedule 59 `schedule.0.timezone` is the text "Europe/Olso": unknown time zone',
      'bad-schedule 73 `schedule.1` is the text "0 25 * * *": `25` is not a valid hour (0 to 23)',
      'bad-schedule 98 `timezone` is the text "UTC+1": an offset from UTC is not a time zone',
    ]);
    expect(found('{schedule: "30 2 * * *", timezone: Europe/Oslo}')).toEqual([
      'odd-schedule 28 `schedule` is the text "30 2 * * *": a clock change in Europe/Oslo skips this time: Argo leaves the run of that day out',
      'odd-schedule 28 `schedule` is the text "30 2 * * *": a clock change in Europe/Oslo repeats this time: Argo starts two runs on that day',
    ]);
    expect(found('{schedule: "30 * * * *", timezone: Europe/Oslo}')).toEqual([]);
    expect(found('{schedule: "0 12 * * *", timezone: Australia/Lord_Howe}')).toEqual([
      expect.stringContaining("changes by part of an hour: Argo may leave out runs on that day"),
    ]);
    expect(found("{concurrency: replace}")).toEqual([expect.stringContaining("it has no effect without a schedule")]);
    expect(found('{schedule: "0 2 * * *", concurrency: queue}')).toEqual([
      expect.stringContaining("bad-configuration-value"),
    ]);
  });

  const cronWorkflow = (options: object) => {
    const [, text = ""] = compile(chain(1), { ...usual, ...options }).text.split("\n---\n");
    return parse(text).spec;
  };

  test("Argo is given a zone in any case, and one before each schedule where they differ", () => {
    const policy = { concurrencyPolicy: "Forbid" };
    expect(cronWorkflow({ schedule: "0 2 * * *" })).toMatchObject({
      schedules: ["0 2 * * *"],
      timezone: "UTC",
      ...policy,
    });
    const oslo = { schedules: ["0 2 * * *", "0 3 * * 1"], timezone: "Europe/Oslo" };
    expect(cronWorkflow({ schedule: ["0 2 * * *", "0 3 * * 1"], timezone: "Europe/Oslo" })).toMatchObject(oslo);
    const two = {
      schedule: [{ cron: "0 2 * * *", timezone: "Asia/Tokyo" }, { cron: "0 3 * * 1" }],
      concurrency: "replace",
    };
    const spec = cronWorkflow(two);
    expect(spec.schedules).toEqual(["CRON_TZ=Asia/Tokyo 0 2 * * *", "CRON_TZ=UTC 0 3 * * 1"]);
    expect(spec).not.toHaveProperty("timezone");
    expect(spec.concurrencyPolicy).toBe("Replace");
    expect(cronWorkflow({ schedule: "0 2 * * *", concurrency: "allow" }).concurrencyPolicy).toBe("Allow");
  });

  test("GitHub's scheduled runs share a group, and no others do", () => {
    const workflow = (options: object) => mainWorkflow(chain(1), { options });
    const schedule = [{ cron: "0 2 * * *", timezone: "Europe/Oslo" }, "0 3 * * *"];
    const forbid = workflow({ schedule });
    expect(forbid.on.schedule).toEqual([{ cron: "0 2 * * *", timezone: "Europe/Oslo" }, { cron: "0 3 * * *" }]);
    const shared =
      "magnus-p-${{ github.event_name == 'schedule' && contains(github.workflow_ref, '/.github/workflows/p.yml@') && 'schedule' || github.run_id }}-${{ inputs.call }}";
    expect(forbid.concurrency).toEqual({ group: shared, "cancel-in-progress": false });
    expect(workflow({ schedule, concurrency: "replace" }).concurrency).toEqual({
      group: shared,
      "cancel-in-progress": true,
    });
    const own = { group: "magnus-p-${{ github.run_id }}-${{ inputs.call }}", "cancel-in-progress": false };
    expect(workflow({ schedule, concurrency: "allow" }).concurrency).toEqual(own);
    expect(workflow({}).concurrency).toEqual(own);
    expect(workflow({ concurrency_group: "deploy" }).concurrency).toEqual({ ...own, group: "deploy" });
  });

  test("an older server of GitHub's has UTC only", () => {
    const codes = (options: object) =>
      compileForGithub(chain(1), { options: { limits: "ghes", ...options } }).reports.map(({ message }) => message);
    const zoned = "cannot compile for github-actions: the server knows no time zones of schedules";
    expect(codes({ schedule: "0 2 * * *", timezone: "Europe/Oslo" })).toContain(zoned);
    expect(codes({ schedule: "0 2 * * *", timezone: "UTC" })).not.toContain(zoned);
  });
});
