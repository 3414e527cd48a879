/** A run that begins with results of an earlier one: those steps are not run, and its log reads as an undisturbed run's. */
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { digestPipeline } from "../../src/ir/digest.ts";
import { type RunHere, runHere } from "../../src/local/run-here.ts";
import { planPipeline } from "../../src/plan/plan.ts";
import type { Event, EventBody } from "../../src/protocol/event.ts";
import { pathKey } from "../../src/protocol/path.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { normalise } from "../../src/run-log/views/normalise.ts";
import { openServices } from "../../src/services/open-services.ts";
import { checkText } from "../support/check-text.ts";
import { unobserved } from "../support/unobserved.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures/pipelines");
const cases = [
  "parallel",
  "map-reduce",
  "loop-closed-by-gather",
  "conditional-default",
  "catalog",
  "failure-handled",
  "map",
  "conditional-set-by-step",
];

test.each(cases)("%s: whatever is kept of it, the log is the same", async (name) => {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-seed-"));
  cpSync(path.join(fixtures, name), folder, { recursive: true });
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
  const whole = await ranWith("whole");
  const finished = whole.filter(({ kind }) => kind === "step.finished").length;
  expect(finished).toBeGreaterThan(1);
  for (let kept = 0; kept <= finished; kept++) {
    const seed = firstSuccesses(whole, kept);
    const again = await ranWith(`kept-${kept}`, { run: "whole", seed });
    expect(normalise(foldRun(again))).toEqual(normalise(foldRun(whole)));
    expect(startedTwice(again)).toEqual([]);
    expect(again[0]).toMatchObject({ kind: "run.created", data: { retryOf: "whole" } });
  }
});

async function ranWith(id: string, from?: NonNullable<RunHere["from"]>): Promise<readonly Event[]> {
  const sink = new DiagnosticSink();
  const text = readFileSync("pipeline.yaml", "utf8");
  const checked = checkText(text, {}, sink);
  if (checked === undefined) throw new Error(JSON.stringify(sink.errorCount));
  const { pipeline } = checked;
  const plan = planPipeline(pipeline, digestPipeline(pipeline));
  const services = openServices({ run_log_store: { type: "buffered" } }, {}, process.cwd());
  const log = await services.runLogStore.create(id);
  if (log === null) throw new Error(`${id} is there already`);
  await runHere({
    plan,
    parameters: plan.run.parameters,
    ...(from === undefined ? {} : { from }),
    log,
    services,
    executor: { name: "local", pipeline, jobs: 2, oneAtATime: new Set() },
    ...unobserved,
  });
  return readEvents(log);
}

/** What the log says of the first steps that succeeded, and the controls that were computed until then. */
function firstSuccesses(events: readonly Event[], count: number): readonly EventBody[] {
  const successes = events.filter((event) => event.kind === "step.finished" && event.data.status === "success");
  const last = successes[count - 1];
  if (last === undefined) return count === 0 ? [] : firstSuccesses(events, successes.length);
  const before = events.slice(0, events.indexOf(last) + 1);
  const kept = new Set(successes.slice(0, count).map((event) => ("path" in event ? pathKey(event.path) : "")));
  return before.flatMap(({ v, id, run, writer, seq, time, ...body }) =>
    "path" in body && (body.kind === "control" || kept.has(pathKey(body.path))) ? [body as EventBody] : [],
  );
}

/** Steps with more than one start, although their first one is kept. */
function startedTwice(events: readonly Event[]): readonly string[] {
  const starts = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== "step.started") continue;
    starts.set(pathKey(event.path), (starts.get(pathKey(event.path)) ?? 0) + 1);
  }
  return [...starts].filter(([, count]) => count > 1).map(([key]) => key);
}
