import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isObject, printJson } from "../../src/protocol/json.ts";
import { conformanceCases, enginesOf, expectedLog, sideBySideCases, workspaceOf } from "./cases.ts";
import { type Engine, local, localOneAtATime, normalisedLog, shells } from "./engines.ts";

/** `UPDATE=1 npx vitest run test/conformance` writes what the local runner gives; read it before you commit it. */
const update = process.env.UPDATE === "1";

const cases = conformanceCases();
const sideBySide = new Set(sideBySideCases().map(({ name }) => name));
test("there are at least 60 cases, each with an expected run log", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
  if (!update) for (const { name, folder } of cases) expect(existsSync(path.join(folder, "expected")), name).toBe(true);
});

describe.for(cases)("$name", { concurrent: true }, (testCase) => {
  const engines = enginesOf(testCase);
  // Under the first shell that there is, every case runs in shells.test.ts.
  for (const engine of [local, ...shells.slice(1)]) if (engines.includes(engine.name)) testEngine(engine);
  if (sideBySide.has(testCase.name)) testEngine(localOneAtATime);

  function testEngine(engine: Engine): void {
    const missing = engine.missing;
    test.skipIf(missing !== undefined)(`${engine.name}${missing === undefined ? "" : ` (${missing})`}`, async () => {
      const work = workspaceOf(testCase);
      const { code, stderr } = await engine.run(testCase, work);
      const log = await normalisedLog(work).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${stderr}`);
      });
      const text = `${pretty(printJson(log, { sorted: true }))}\n`;
      const expected = expectedLog(testCase);
      if (update && engine === local) {
        mkdirSync(path.dirname(expected), { recursive: true });
        writeFileSync(expected, text);
      }
      expect(text, stderr).toBe(readFileSync(expected, "utf8"));
      expect(code, stderr).toBe(isObject(log) && log.status === "success" ? 0 : 1);
      rmSync(work, { recursive: true, force: true });
    });
  }
});

/** Indents JSON without reading its numbers. */
function pretty(json: string): string {
  let depth = 0;
  return json.replace(/"(?:[^"\\]|\\.)*"|\[\]|\{\}|[{}[\],:]/g, (token) => {
    if (token === "{" || token === "[") return `${token}\n${"  ".repeat(++depth)}`;
    if (token === "}" || token === "]") return `\n${"  ".repeat(--depth)}${token}`;
    if (token === ",") return `,\n${"  ".repeat(depth)}`;
    return token === ":" ? ": " : token;
  });
}
