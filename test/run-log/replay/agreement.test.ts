import { describe, expect, test } from "vitest";
import { planPipeline, stepSpecs } from "../../../src/plan/plan.ts";
import type { Event } from "../../../src/protocol/event.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import { normalise } from "../../../src/run-log/views/normalise.ts";
import type { RunView, StepView } from "../../../src/run-log/views/view.ts";
import { type Dice, diceOf, randomPipeline } from "./random-pipeline.ts";
import { type InterpretedNode, interpretPipeline } from "./reference-interpreter.ts";
import { placeKey, placeOf, type Simulation, simulate, type Weather } from "./simulated-platform.ts";

const pipelines = Number(process.env.PIPELINES ?? 8000);

describe("the fold of what shims wrote is what the interpreter says", () => {
  for (const [name, weather] of Object.entries<Omit<Weather, "verdictList">>({
    calm: { faults: 0, late: 0, again: false },
    faults: { faults: 1, late: 0, again: "failed" },
    storms: { faults: 2, late: 4, again: "all" },
    late: { faults: 0.5, late: 10, again: "failed" },
  })) {
    test(name, () => {
      for (let seed = 0; seed < pipelines / 4; seed++) compare(seed, weather, name);
    });
  }
});

test("the verdict's own short list gives the same outcome and parameters", () => {
  for (let seed = 0; seed < pipelines / 12; seed++) {
    const plan = planPipeline(randomPipeline(diceOf(seed)), "digest");
    const weather = { faults: 2, late: 2, again: "failed", verdictList: plan.mayBeLost } as const;
    const run = simulate(plan, diceOf(seed + 1), weather);
    const expected = interpretation(plan.pipeline, run);
    const view = foldRun(run.events);
    expect([seed, view.status, view.parameters]).toEqual([seed, expected.status, expected.parameters]);
  }
});

function compare(seed: number, weather: Omit<Weather, "verdictList">, name: string): void {
  const about = `${name} ${seed}`;
  const plan = planPipeline(randomPipeline(diceOf(seed)), "digest");
  const verdictList = [...stepSpecs(plan.root)];
  const run = simulateOrSay(() => simulate(plan, diceOf(seed + 1), { ...weather, verdictList }), about);
  const expected = interpretation(plan.pipeline, run);
  expect(run.ok, about).toBe(expected.status === "success");
  const dice = diceOf(seed + 2);
  const view = foldRun(shuffled(doubled(run.events, dice), dice));
  expect([view.status, view.parameters], about).toEqual([expected.status, expected.parameters]);
  expect(nodesOf(view), about).toEqual(expected.nodes.map(plainNode));
  expect(normalise(view), about).toEqual(normalise(foldRun(run.events)));
}

function simulateOrSay(run: () => Simulation, about: string): Simulation {
  try {
    return run();
  } catch (error) {
    throw new Error(`${about}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Also holds that every shim saw what the interpreter says is visible there. */
function interpretation(pipeline: Parameters<typeof planPipeline>[0], { answers, seen }: Simulation) {
  return interpretPipeline(pipeline.root, pipeline.parameters, ({ place, gather, visible, files }) => {
    const key = placeKey(place, gather);
    const answer = answers.get(key);
    const saw = seen.get(key);
    if (saw !== undefined && answer !== undefined) expect([key, saw]).toEqual([key, { visible, files }]);
    if (answer === undefined && gather === undefined) throw new Error(`${key} was never to run`);
    return answer ?? { status: "success" };
  });
}

function nodesOf(view: Pick<RunView, "steps">): readonly object[] {
  return view.steps.flatMap((step) => [plainStep(step), ...step.graphs.flatMap(nodesOf)]);
}

function plainStep({ path, kind, status, delta, files }: StepView): object {
  return { place: placeOf(path), kind, status, delta, files: new Map(files.map((file) => [file.name, file])) };
}

function plainNode({ place, kind, status, delta, files }: InterpretedNode): object {
  return { place, kind, status, delta, files };
}

function doubled(events: readonly Event[], dice: Dice): readonly Event[] {
  return [...events, ...events.filter(() => dice.roll() < 0.5)];
}

function shuffled<T>(list: readonly T[], dice: Dice): readonly T[] {
  return list
    .map((value) => ({ value, at: dice.roll() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
