import type { Graph, Node, Pipeline } from "../../../src/ir/pipeline.ts";
import type { Json } from "../../../src/protocol/json.ts";
import type { Edge, Reduce } from "../../../src/protocol/path.ts";

/** Random choices that a seed repeats. */
export interface Dice {
  /** In [0, 1). */
  roll(): number;
  pick<T>(choices: readonly T[]): T;
}

export function diceOf(seed: number): Dice {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[Math.floor(roll() * choices.length)];
    if (choice === undefined) throw new Error("nothing to pick from");
    return choice;
  };
  return { roll, pick };
}

/** Parameters: L, Q lists (or not), C a branch's name, B a loop's break, a and b anything. */
export function randomPipeline(dice: Dice): Pipeline {
  const parameters: { [name: string]: Json } = { L: [1, 2], C: dice.pick(["x", "y", "z"]), a: 0 };
  const root = randomGraph(dice, 3, { nodes: 0 });
  return { name: "random", parameters, parameterSchema: {}, root };
}

function randomGraph(dice: Dice, depth: number, count: { nodes: number }): Graph {
  const size = dice.pick([1, 1, 2, 2, 3, 4]);
  const nodes = new Map<string, Node>();
  for (let i = 0; i < size; i++) {
    const later: Edge[] = [];
    for (let j = i + 1; j < size; j++) later.push({ to: `n${j}` });
    const straight = later[0] ?? success;
    const ok = dice.roll() < 0.75 ? straight : dice.pick([...later, success, success, fail]);
    const failed = dice.roll() < 0.5 ? fail : dice.pick([...later, ...later, success]);
    count.nodes++;
    nodes.set(`n${i}`, randomNode(dice, depth, count, { name: `n${i}`, ok, failed }));
  }
  return { start: "n0", nodes, success: "success", fail: "fail" };
}

const success: Edge = { end: "success", name: "success" };
const fail: Edge = { end: "fail", name: "fail" };

function randomNode(
  dice: Dice,
  depth: number,
  count: { nodes: number },
  edges: { readonly name: string; readonly ok: Edge; readonly failed: Edge },
): Node {
  const base = { ...edges, overrides: {} };
  const isLeaf = depth === 0 || count.nodes > 14 || dice.roll() < 0.5;
  const kind = isLeaf
    ? dice.pick(["task", "task", "stub"] as const)
    : dice.pick(["parallel", "map", "map", "dag", "conditional", "loop"] as const);
  const inner = (): Graph => randomGraph(dice, depth - 1, count);
  switch (kind) {
    case "task":
      return {
        ...base,
        kind,
        commandType: "shell",
        command: ":",
        returns: [],
        secrets: [],
        env: {},
        catalog: { get: [], put: [] },
        maxAttempts: 1,
      };
    case "stub":
      return { ...base, kind };
    case "parallel":
      return { ...base, kind, branches: twoBranches("A", "B", inner), onConflict: dice.pick(["last", "list"]) };
    case "map": {
      const reduce: Reduce = dice.pick([
        "list",
        "list",
        "last",
        "none",
        { a: "sum", L: "concat", b: "max", C: "object" },
      ]);
      return { ...base, kind, branch: inner(), iterateOn: dice.pick(["L", "L", "it", "Q"]), iterateAs: "it", reduce };
    }
    case "dag":
      return { ...base, kind, branch: inner() };
    case "conditional": {
      const otherwise = dice.roll() < 0.5 ? {} : { default: "y" };
      return { ...base, kind, parameter: "C", branches: twoBranches("x", "y", inner), ...otherwise };
    }
    case "loop": {
      const indexAs = dice.roll() < 0.8 ? { indexAs: "ix" } : {};
      return { ...base, kind, branch: inner(), maxIterations: dice.pick([1, 2, 3]), breakOn: "B", ...indexAs };
    }
  }
}

function twoBranches(a: string, b: string, inner: () => Graph): ReadonlyMap<string, Graph> {
  return new Map([
    [a, inner()],
    [b, inner()],
  ]);
}
