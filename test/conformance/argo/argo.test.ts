/** The simulator of Argo as an engine: compiled cases and random pipelines, their pods as processes with the real shim. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isObject, parseJson, printJson } from "../../../src/protocol/json.ts";
import { type Case, conformanceCases, enginesOf, expectedLog, sideBySideCases, workspaceOf } from "../cases.ts";
import { randomCase, summaryOf } from "../random-case.ts";
import {
  compileCaseForArgo,
  compileTextForArgo,
  type Given,
  podsOfRun,
  runSimulated,
  type SimulatedRun,
} from "./argo-simulator.ts";

/** How many random pipelines; every pod is a process. */
const count = Number(process.env.PIPELINES ?? 300);
let refused = 0;

const cases = conformanceCases().filter((testCase) => enginesOf(testCase).includes("argo"));

describe("conformance cases give their run log", () => {
  test.for(cases)("$name", { concurrent: true }, (testCase) => expectItsLog(testCase));
  test.for(sideBySideCases())("$name, one pod at a time", { concurrent: true }, (testCase) =>
    expectItsLog(testCase, { atATime: 1 }),
  );

  async function expectItsLog(testCase: Case, given: Given = {}): Promise<void> {
    const work = workspaceOf(testCase);
    const { code, stdout, stderr } = await compileCaseForArgo(testCase, work);
    expect(code, stderr).toBe(0);
    const run = await runSimulated(stdout, work, `case-${testCase.name}`, given);
    const expected = parseJson(readFileSync(expectedLog(testCase), "utf8"));
    expect(printJson(run.log, { sorted: true }), told(run)).toBe(printJson(expected, { sorted: true }));
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  }
});

describe("random pipelines mean what the reference interpreter says", () => {
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  test.for(seeds)("seed %i", { concurrent: true }, async (seed) => {
    const { document, expected } = randomCase(seed);
    const { manifest, codes } = compileTextForArgo(printJson(document));
    if (manifest === "") {
      expect(codes).toContain("no-way-to-success");
      refused++;
      return;
    }
    const work = mkdtempSync(path.join(tmpdir(), "magnus-random-"));
    const run = await runSimulated(manifest, work, `random-${seed}`);
    expect(summaryOf(run.log), told(run)).toEqual(expected);
    endsAsItsLog(run);
    rmSync(work, { recursive: true, force: true });
  });

  test("most of them run", () => {
    expect(refused).toBeLessThanOrEqual(count / 3);
  });
});

/** The workflow's phase is the run's status, nothing hangs or succeeds in silence, and no pod is started for nothing. */
function endsAsItsLog(run: SimulatedRun): void {
  const { phase, hangs, warnings, pods } = run.end;
  const succeeded = isObject(run.log) && run.log.status === "success";
  expect({ succeeded: phase === "Succeeded", hangs, warnings }, told(run)).toEqual({
    succeeded,
    hangs: [],
    warnings: [],
  });
  expect(pods, told(run)).toBe(podsOfRun(run));
}

function told({ end }: SimulatedRun): string {
  const nodes = end.nodes.map(({ name, type, phase, message }) => `${name} ${type} ${phase} ${message}`);
  return [`${end.phase} ${end.message}`, ...end.hangs, ...nodes].join("\n");
}
