import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isObject, type Json, type JsonObject, printJson } from "../../src/protocol/json.ts";
import type { Case } from "./cases.ts";
import { type Engine, local, normalisedLog, shells } from "./engines.ts";
import { randomCase, summaryOf } from "./random-case.ts";

/** How many random pipelines run on each engine; `PIPELINES=2000` for a long night. */
const count = Number(process.env.PIPELINES ?? 150);
/** The compiled script starts a process a step, so only every fifth runs there. */
const shellEvery = 5;
const [dash] = shells;
let refused = 0;

describe("random pipelines mean on every engine what the reference interpreter says", () => {
  test.for(Array.from({ length: count }, (_, seed) => seed))("seed %i", { concurrent: true }, async (seed) => {
    const { document, expected } = randomCase(seed);
    for (const engine of seed % shellEvery === 0 && dash ? [local, dash] : [local]) {
      const log = await runOn(engine, document);
      if (log !== undefined) expect(summaryOf(log), engine.name).toEqual(expected);
    }
  });
});

test("most of them run", () => {
  expect(refused).toBeLessThan(count / 3);
});

/** Undefined where the pipeline is refused: no path of it leads to success. */
async function runOn(engine: Engine, document: JsonObject): Promise<Json | undefined> {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-random-"));
  try {
    writeFileSync(path.join(work, "pipeline.yaml"), printJson(document));
    const nothing: Case = { name: "random", folder: work, about: "", params: [], environment: {} };
    const { code, stderr } = await engine.run(nothing, work);
    if (code === 2 && stderr.includes("error[no-way-to-success]")) {
      refused++;
      return undefined;
    }
    expect(code, stderr).toBeLessThan(2);
    const log = await normalisedLog(work);
    expect(code, stderr).toBe(isObject(log) && log.status === "success" ? 0 : 1);
    return log;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
