import { test } from "vitest";
import { type PlanGraph, planPipeline, stepSpecs } from "../../src/plan/plan.ts";
import { reachStep } from "../../src/run-log/reach.ts";
import { diceOf, randomPipeline } from "./random-pipeline.ts";
import { placeOf, simulate } from "./simulated-platform.ts";

const show = (g: PlanGraph, pad: string): void => {
  for (const n of g.nodes.values()) {
    console.log(
      pad + n.name,
      n.node.kind,
      JSON.stringify(n.ok),
      JSON.stringify(n.failed),
      n.kind === "composite" ? [n.open && "open", n.close && "close"] : "",
    );
    if (n.kind === "composite")
      n.graphs.forEach((x, i) => {
        console.log(pad + "  #" + i);
        show(x, pad + "    ");
      });
  }
};
test("x", () => {
  const seed = Number(process.env.SEED);
  const plan = planPipeline(randomPipeline(diceOf(seed)), "digest");
  show(plan.root, "");
  const w = JSON.parse(process.env.WEATHER ?? "{}");
  const log: unknown[] = [];
  const dice = diceOf(seed + 1);
  try {
    simulate(plan, dice, { ...w, verdictList: [...stepSpecs(plan.root)] });
  } catch (e) {
    const err = e as Error & { events: any[]; spec: any; path: any };
    for (const ev of err.events ?? [])
      console.log(
        ev.kind,
        JSON.stringify(ev.path && placeOf(ev.path)),
        ev.gather ?? "",
        ev.round,
        ev.attempt,
        ev.kind === "step.finished" || ev.kind === "control" || ev.kind === "step.lost"
          ? JSON.stringify({ ...ev.data, delta: undefined })
          : "",
      );
    console.log(
      e,
      JSON.stringify(reachStep(err.events, err.path, err.spec?.gather), (k, v) =>
        k === "files" || k === "visible" ? undefined : v,
      ),
      JSON.stringify(err.spec?.mayBeLost?.map((l: any) => [placeOf(l.path), l.gather])),
    );
  }
});
