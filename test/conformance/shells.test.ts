/**
 * Every case as a compiled script: with the real shim under one shell, which must give the expected run log; then under
 * every shell with 1, 2 and 4 items at a time, with a stand-in that answers each call of the shim as the real one did. The
 * script must make the same calls, in the same order in each graph, no more at a time than it may, and end with the same code.
 */
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { type Graph, graphsOf, type Node } from "../../src/ir/pipeline.ts";
import { isArray, isObject, parseJson, printJson } from "../../src/protocol/json.ts";
import { checkText } from "../support/check-text.ts";
import { type Ended, run, runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";
import { type Case, conformanceCases, expectedLog, workspaceOf } from "./cases.ts";
import { inputs, normalisedLog, type ShellEngine, shells } from "./engines.ts";
import { type Call, groupBy, readCalls, recordingShim, type StandIn, standInShim } from "./recorded-shim.ts";

const limits = [1, 2, 4];
const available = shells.filter(({ missing }) => missing === undefined);
const [first] = available;

for (const { name, missing } of shells) {
  if (missing !== undefined) test.skip(`${name}: ${missing}`, () => {});
}

describe.skipIf(first === undefined)(`the shim under ${first?.name}, its answers under all shells`, () => {
  // 300 items are 5,400 calls of the stand-in.
  test.for(conformanceCases())("$name", { concurrent: true, timeout: 900_000 }, async (testCase) => {
    const work = workspaceOf(testCase);
    const ended = await testScript(testCase, work);
    const log = await normalisedLog(work).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${ended.stderr}`);
    });
    const expected = parseJson(readFileSync(expectedLog(testCase), "utf8"));
    expect(printJson(log, { sorted: true }), ended.stderr).toBe(printJson(expected, { sorted: true }));
    expect(ended.code, ended.stderr).toBe(isObject(log) && log.status === "success" ? 0 : 1);
    rmSync(work, { recursive: true, force: true });
  });

  test("a spec that is too long for an argument", async () => {
    const step = { name: "long", type: "task", command_type: "shell", command: `: ${"x".repeat(120_000)}` };
    const map = { name: "each", type: "map", iterate_on: "n", iterate_as: "i", branch: { steps: [step] } };
    const work = workspace({
      "pipeline.yaml": JSON.stringify({ parameters: { n: [1, 2, 3] }, dag: { steps: [map] } }),
    });
    const nothing: Case = { name: "long", folder: work, about: "", params: [], environment: {} };
    expect((await testScript(nothing, work)).code).toBe(0);
  });
});

/** Runs the script with the real shim, then with its answers everywhere; gives how the real run ended. */
async function testScript(testCase: Case, work: string): Promise<Ended> {
  const notes = path.join(work, ".notes");
  const compiled = await runMagnus(["compile", "pipeline.yaml", "--target", "shell", "-q"], { cwd: work });
  expect(compiled.code, compiled.stderr).toBe(0);
  const begin = (shell: ShellEngine, shim: string, jobs: number): Promise<Ended> => {
    const [program, ...args] = shell.program;
    const env = { ...testCase.environment, MAGNUS_SHIM: shim, MAGNUS_JOBS: `${jobs}` };
    return run(program, [...args, "pipeline.sh", ...inputs(testCase, work)], { cwd: work, env });
  };
  const real = await begin(first as ShellEngine, recordingShim(notes), 4);
  const calls = readCalls(notes);
  const standIn = standInShim(notes, calls);
  const root = rootOf(work);
  for (const shell of available) {
    for (const jobs of limits) {
      const { code, stderr } = await begin(shell, standIn.program, jobs);
      const where = `${shell.name}, ${jobs} at a time: ${stderr}`;
      expect(code, where).toBe(real.code);
      expectSameCalls(standIn, calls, mostOf(root, jobs), where);
    }
  }
  return real;
}

function expectSameCalls(standIn: StandIn, calls: readonly Call[], most: number, where: string): void {
  const notes = standIn.notes();
  const begun = notes.filter((note) => !note.startsWith("-"));
  expect([...begun].sort(), where).toEqual([...calls.keys()].map((n) => `+${n}`).sort());
  expect(inGraphs(begun.map(Number), calls), where).toEqual(inGraphs([...calls.keys()], calls));
  let running = 0;
  for (const note of notes) {
    running += note.startsWith("+") ? 1 : -1;
    expect(running, where).toBeLessThanOrEqual(most);
  }
}

/** The order of the calls in each instance of each graph; steps of different ones may run side by side. */
function inGraphs(order: readonly number[], calls: readonly Call[]): { readonly [graph: string]: readonly number[] } {
  return Object.fromEntries([...groupBy(order, (n) => graphOf(calls[n]))].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function graphOf(call: Call | undefined): string {
  const [verb, , at = "", , spec = ""] = call?.args ?? [];
  if (verb !== "run") return "";
  const parsed = parseJson(spec);
  const places = isObject(parsed) && isArray(parsed.path ?? null) ? (parsed.path as readonly unknown[]) : [];
  return `${at} ${JSON.stringify(places.slice(0, -1))}`;
}

function rootOf(work: string): Graph {
  const text = readFileSync(path.join(work, "pipeline.yaml"), "utf8");
  const sink = new DiagnosticSink();
  const readFile = (name: string): string => readFileSync(path.join(work, name), "utf8");
  const checked = checkText(text, { readFile }, sink);
  if (checked === undefined) throw new Error(JSON.stringify(sink.list()));
  return checked.pipeline.root;
}

/** How many leaves of a graph may run at a time where `jobs` items of a map may. */
function mostOf(graph: Graph, jobs: number): number {
  return Math.max(...[...graph.nodes.values()].map((node) => mostOfNode(node, jobs)));
}

function mostOfNode(node: Node, jobs: number): number {
  const inner = graphsOf(node).map(({ graph }) => mostOf(graph, jobs));
  if (node.kind === "parallel") return inner.reduce((sum, most) => sum + most, 0);
  return Math.max(1, ...inner) * (node.kind === "map" ? Math.min(node.maxParallel ?? jobs, jobs) : 1);
}
