/**
 * Runs a plan as a platform would: it knows exit codes and controls, nothing else. Shims write events through reach and
 * losses as the real one does; processes are killed, never come, come twice, or succeed without the platform noticing.
 */

import { stepSpecs } from "../../../src/plan/plan.ts";
import type { Plan, PlanComposite, PlanGraph, PlanNode } from "../../../src/plan/plan-node.ts";
import type { CatalogFile, Event, EventBody } from "../../../src/protocol/event.ts";
import type { Json } from "../../../src/protocol/json.ts";
import { type Parameters, type Path, pathKey } from "../../../src/protocol/path.ts";
import type { StepSpec } from "../../../src/protocol/step-spec.ts";
import { computeControl } from "../../../src/run-log/replay/control.ts";
import { lossesAtEnd, lossesBefore } from "../../../src/run-log/replay/lost.ts";
import { reachStep } from "../../../src/run-log/replay/reach.ts";
import { foldRun } from "../../../src/run-log/views/fold.ts";
import type { RunView, StepView } from "../../../src/run-log/views/view.ts";
import type { Dice } from "./random-pipeline.ts";
import type { Answer, PlaceNames } from "./reference-interpreter.ts";

export interface Simulation {
  readonly events: readonly Event[];
  /** What each leaf and gather that was to run did in the end, by {@link placeKey}. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** What shims saw, by place. */
  readonly seen: ReadonlyMap<
    string,
    { readonly visible: Parameters; readonly files: ReadonlyMap<string, CatalogFile> }
  >;
  /** The outcome that the platform came to. */
  readonly ok: boolean;
}

export interface Weather {
  /** 0: everything works; 1: as bad as it gets. */
  readonly faults: number;
  readonly late: number;
  /** The platform runs a failed run again: only what failed and what follows, or everything. */
  readonly again: false | "failed" | "all";
  /** What the verdict may find lost. */
  readonly verdictList: NonNullable<StepSpec["mayBeLost"]>;
}

export function placeKey(place: PlaceNames, gather?: "open" | "close"): string {
  return JSON.stringify([place, gather ?? null]);
}

export function simulate(plan: Plan, dice: Dice, weather: Weather): Simulation {
  const state = new Platform(plan, dice, weather);
  let ok = state.run(0);
  if (!ok && weather.again !== false) ok = state.run(1);
  return { events: state.events, answers: state.answers, seen: state.seen, ok };
}

/** How a process or graph ended for the platform. */
interface Ended {
  readonly ok: boolean;
  readonly control?: string;
  /** Something before it ran in this turn, so that all after it runs again. */
  readonly fresh: boolean;
  /** A success that the platform took for a failure: the next step must come, or nothing would tell. */
  readonly late?: boolean;
}
interface Walk {
  readonly prefix: Path;
  readonly fresh: boolean;
  readonly mustShow: boolean;
}
type Steps = Generator<undefined, Ended>;

class Platform {
  readonly events: Event[] = [];
  readonly answers = new Map<string, Answer>();
  readonly seen = new Map<string, { visible: Parameters; files: ReadonlyMap<string, CatalogFile> }>();
  private readonly ends = new Map<string, Ended>();
  private readonly running = new Set<string>();
  private readonly specs: readonly StepSpec[];
  private readonly plan: Plan;
  private readonly dice: Dice;
  private readonly weather: Weather;
  private turn = 0;
  private floor = 1;

  constructor(plan: Plan, dice: Dice, weather: Weather) {
    this.plan = plan;
    this.dice = dice;
    this.weather = weather;
    this.specs = [...stepSpecs(plan.root)];
    const { pipeline, digest, parameters } = plan.run;
    this.write({ kind: "run.created", data: { pipeline, digest, parameters, target: "test", version: "0" } });
  }

  run(turn: number): boolean {
    this.turn = turn;
    this.floor = this.weather.again === "all" ? turn + 1 : 1;
    const fresh = turn === 0 || this.weather.again === "all";
    const walk = this.walkGraph(this.plan.root, { prefix: [], fresh, mustShow: false }, 0);
    for (;;) {
      const { done, value } = walk.next();
      if (done) {
        this.write(...lossesAtEnd(this.events, this.weather.verdictList));
        this.write({ kind: "run.finished", data: { status: value.ok ? "success" : "failed" } });
        return value.ok;
      }
      if (this.dice.roll() < 0.03) this.lookAround();
    }
  }

  /** Whoever looks at the log meanwhile must not be told that a running step is lost. */
  private lookAround(): void {
    for (const step of leavesOf(foldRun(this.events))) {
      if (step.status === "lost" && this.running.has(pathKey(step.path))) {
        throw new Error(`${pathKey(step.path)} runs but reads as lost`);
      }
    }
  }

  private *walkGraph(graph: PlanGraph, walk: Walk, iteration: number): Steps {
    let node: PlanNode = graph.start;
    let { fresh, mustShow } = walk;
    let control: string | undefined;
    for (;;) {
      const here: Walk = { ...walk, fresh, mustShow };
      const ended: Ended =
        node.kind === "leaf"
          ? yield* this.shim(node.step, node, here, iteration)
          : yield* this.walkComposite(node, here, control);
      fresh = ended.fresh;
      mustShow = ended.late ?? false;
      control = ended.control;
      const edge = ended.ok ? node.ok : node.failed;
      if ("end" in edge) {
        return { ok: edge.end === "success", fresh, ...(control === undefined ? {} : { control }) };
      }
      const next = graph.nodes.get(edge.to);
      if (next === undefined) throw new Error(`no node ${edge.to}`);
      node = next;
    }
  }

  private *walkComposite(node: PlanComposite, walk: Walk, fed: string | undefined): Steps {
    let { fresh, mustShow } = walk;
    let control = fed;
    if (node.open !== undefined) {
      const opened = yield* this.shim(node.open, node, walk, 0);
      if (!opened.ok) return { ok: false, fresh: opened.fresh, late: opened.late ?? false };
      fresh = opened.fresh;
      control = opened.control;
      mustShow = false;
    }
    const kind = node.node.kind;
    if ((kind === "map" || kind === "conditional") && control === "fault") return { ok: false, fresh };
    const inside = { ...walk, fresh, mustShow };
    switch (kind) {
      case "dag":
        return closed(yield* this.walkInner(node, 0, {}, inside));
      case "conditional":
        return closed(yield* this.walkInner(node, Number(control), {}, inside));
      case "loop":
        return yield* this.walkLoop(node, inside);
      case "parallel":
        return yield* this.walkAll(
          node.graphs.map((_, i) => this.walkInner(node, i, {}, inside)),
          fresh,
        );
      case "map": {
        const items: { readonly i: number; readonly k: string }[] = JSON.parse(control ?? "");
        return yield* this.walkAll(
          items.map(({ i, k }) => this.walkInner(node, 0, { index: i, key: k }, inside)),
          fresh,
        );
      }
    }
  }

  private *walkInner(node: PlanComposite, graphIndex: number, selectors: Partial<Path[number]>, walk: Walk): Steps {
    const graph = node.graphs[graphIndex];
    const element = graph?.prefix.at(-1);
    if (graph === undefined || element === undefined) throw new Error(`no graph ${graphIndex}`);
    const prefix = [...walk.prefix, { ...element, ...selectors }];
    return yield* this.walkGraph(graph, { ...walk, prefix }, selectors.index ?? 0);
  }

  private *walkAll(walks: readonly Steps[], before: boolean): Steps {
    const ends: Ended[] = [];
    const live = new Set(walks);
    while (live.size > 0) {
      const walk = this.dice.pick([...live]);
      const { done, value } = walk.next();
      if (done) {
        live.delete(walk);
        ends.push(value);
      } else yield;
    }
    return { ok: ends.every((end) => end.ok), fresh: before || ends.some((end) => end.fresh) };
  }

  private *walkLoop(node: PlanComposite, walk: Walk): Steps {
    if (node.node.kind !== "loop") throw new Error("no loop");
    let { fresh, mustShow } = walk;
    for (let index = 0; ; index++) {
      const body = yield* this.walkInner(node, 0, { index }, { ...walk, fresh, mustShow });
      fresh = body.fresh;
      mustShow = false;
      if (!body.ok) return { ok: false, fresh };
      let control = body.control;
      if (node.close !== undefined) {
        const prefix = [...walk.prefix, { ...node.element, index }];
        const closing = yield* this.shim(node.close, node, { prefix, fresh, mustShow }, index);
        fresh = closing.fresh;
        if (!closing.ok) return { ok: false, fresh, late: closing.late ?? false };
        control = closing.control;
      }
      if (control === "fault") return { ok: false, fresh };
      if (control === "done" || index + 1 >= node.node.maxIterations) return { ok: true, fresh };
    }
  }

  /** One leaf or gather, with the platform's own second try. */
  private *shim(spec: StepSpec, node: PlanNode, walk: Walk, iteration: number): Steps {
    const path = spec.gather === "close" ? walk.prefix : [...walk.prefix, node.element];
    const place = placeOf(path);
    const key = placeKey(place, spec.gather);
    const before = this.ends.get(key);
    if (!walk.fresh && before?.ok) return { ...before, fresh: false };
    let ended: Ended = { ok: false, fresh: true };
    for (const process of [0, 1]) {
      const deed = this.deed(node, spec, walk.mustShow);
      const again = process === 0 && deed !== "ok" && this.dice.roll() < 0.25;
      if (deed === "noshow") this.answers.set(key, { status: "lost" });
      else ended = yield* this.process(spec, path, key, deed, again, iteration);
      if (ended.ok || !again) break;
    }
    this.running.delete(pathKey(path));
    this.ends.set(key, ended);
    return ended;
  }

  private deed(node: PlanNode, spec: StepSpec, mustShow: boolean): string {
    const { faults, late } = this.weather;
    const deeds: readonly (readonly [string, number])[] = [
      ["ok", 80],
      ["failed", 10],
      ["killed", 3 * faults],
      ["noshow", this.turn === 0 && !mustShow ? 3 * faults : 0],
      ["cancelled", 2 * faults],
      ["retry", 5 * faults],
      ["late", this.canTellLate(node, spec) ? late : 0],
    ];
    let at = this.dice.roll() * deeds.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [deed, weight] of deeds) if ((at -= weight) < 0) return deed;
    return "ok";
  }

  /**
   * Whether the log can prove that a success of this node was taken for a failure: a step follows the failure, and those
   * that may follow it do not rather take what follows the success for lost.
   */
  private canTellLate(node: PlanNode, spec: StepSpec): boolean {
    const { ok, failed } = node;
    if (spec.gather === "close" || "end" in failed) return false;
    if ("end" in ok) return spec.gather === undefined;
    if (ok.to === failed.to || spec.gather !== undefined) return false;
    const next = JSON.stringify([...placeOf(spec.path.slice(0, -1)), ok.to]).slice(0, -1);
    const under = (path: Path): boolean => `${JSON.stringify(placeOf(path)).slice(0, -1)},`.startsWith(`${next},`);
    return this.specs
      .filter(({ mayBeLost = [] }) => mayBeLost.some((loss) => loss.path === spec.path))
      .every(({ mayBeLost = [] }) => !mayBeLost.some((loss) => under(loss.path)));
  }

  private *process(spec: StepSpec, path: Path, key: string, deed: string, again: boolean, iteration: number): Steps {
    const reach = this.reach(spec, path);
    if (reach.finished?.status === "success") {
      const { control } = reach.finished;
      return { ok: true, fresh: true, ...(control === undefined ? {} : { control }) };
    }
    this.seen.set(key, { visible: reach.visible, files: reach.files });
    const { gather } = spec;
    let result: Ended = { ok: false, fresh: true };
    for (const tries of deed === "retry" ? [1, 2] : [1]) {
      const head = {
        path,
        round: reach.round,
        attempt: this.freeAttempt(path, gather, reach.round),
        ...(gather === undefined ? {} : { gather }),
      };
      this.running.add(pathKey(path));
      this.write({ ...head, kind: "step.started", data: {} });
      yield;
      const files = gather === undefined ? this.someFiles() : [];
      if (files.length > 0) this.write({ ...head, kind: "catalog.put", data: { files } });
      if (deed === "killed") {
        this.answers.set(key, { status: "lost" });
        return result;
      }
      const ok = deed === "ok" || deed === "late" || (tries === 2 && this.dice.roll() < 0.7);
      const delta = ok && gather === undefined ? this.someDelta() : {};
      const control = ok ? this.control(spec, head, { ...reach.visible, ...delta, ...reach.items }, iteration) : {};
      const status = ok ? "success" : deed === "cancelled" ? "cancelled" : "failed";
      const retry = !ok && (again || (deed === "retry" && tries === 1)) ? { retry: true as const } : {};
      const data = { status, durationMs: 1, delta, ...control, ...retry } as const;
      this.write({ ...head, kind: "step.finished", data });
      yield;
      const late = deed === "late" && !again;
      this.answers.set(key, late ? { status: "lost" } : { status, delta, files });
      result = deed === "late" ? { ok: false, fresh: true, late } : { ok, fresh: true, ...control };
    }
    return result;
  }

  private reach(spec: StepSpec, path: Path) {
    for (;;) {
      const reach = reachStep(this.events, path, spec.gather, this.floor);
      if (reach.state === "here") return reach;
      const losses = lossesBefore(this.events, path, spec, "platform");
      if (losses.length === 0) throw new Error(`${pathKey(path)} ${spec.gather ?? ""} is not reached: ${reach.state}`);
      this.write(...losses);
    }
  }

  private control(
    { control: duty, gather }: StepSpec,
    head: { readonly path: Path; readonly attempt: number; readonly round: number },
    visible: Parameters,
    iteration: number,
  ): { readonly control?: string } {
    if (duty === undefined) return {};
    const { value, reason } = computeControl(duty, visible, iteration);
    const around = head.path.slice(0, -1);
    const path = gather !== undefined ? head.path : duty.kind === "loop" ? around : [...around, duty.element];
    this.write({ ...head, path, kind: "control", data: { value, ...(reason === undefined ? {} : { reason }) } });
    return { control: value };
  }

  /** Numbers are the step's own for ever, or (re-run of everything) local to the round. */
  private freeAttempt(path: Path, gather: string | undefined, round: number): number {
    const key = pathKey(path);
    const taken = this.events.flatMap((event) => {
      if (event.kind !== "step.started" || event.gather !== gather || pathKey(event.path) !== key) return [];
      return this.weather.again === "all" && event.round !== round ? [] : [event.attempt];
    });
    return 1 + Math.max(0, ...taken);
  }

  private someDelta(): Parameters {
    const choices: { readonly [name: string]: readonly Json[] } = {
      L: [[1], [2, 3], [], [[4], [5]], 7],
      C: ["x", "y", "z"],
      B: [true, false, false, null],
      a: [1, 2, 3],
      b: [1, 2],
    };
    const set = Object.entries(choices).filter(() => this.dice.roll() < 0.4);
    return Object.fromEntries(set.map(([name, values]) => [name, this.dice.pick(values)]));
  }

  private someFiles(): readonly CatalogFile[] {
    return ["f", "g"]
      .filter(() => this.dice.roll() < 0.2)
      .map((name) => ({ name, digest: `sha256:${Math.floor(this.dice.roll() * 1e9)}`, size: 1 }));
  }

  private write(...bodies: readonly EventBody[]): void {
    for (const body of bodies) {
      const n = this.events.length + 1;
      const head = {
        v: 1,
        id: `id-${String(n).padStart(6, "0")}`,
        run: "r",
        time: "2026-01-01T00:00:00.000Z",
      } as const;
      this.events.push({ ...head, writer: `w${n % 7}`, seq: n, ...body });
    }
  }
}

function closed({ ok, fresh }: Ended): Ended {
  return { ok, fresh };
}

export function placeOf(path: Path): PlaceNames {
  return path.flatMap(({ node, branch, index }) => {
    const selector = branch ?? index;
    return selector === undefined ? [node] : [node, selector];
  });
}

function leavesOf(view: Pick<RunView, "steps">): readonly StepView[] {
  return view.steps.flatMap((step) => [
    ...(step.graphs.length === 0 && (step.kind === "task" || step.kind === "stub") ? [step] : []),
    ...step.graphs.flatMap(leavesOf),
  ]);
}
