/** What GitHub's own language service says of compiled workflows and of the action: nothing, warnings included. */
import { registerLogger, validate } from "@actions/languageservice";
import { describe, expect, test } from "vitest";
import { compileForGithub } from "./compile-github-actions.ts";
import { compiledCorpus } from "./github-actions-corpus.ts";

/** It logs its own defects, and then has no diagnostics. */
const defects: string[] = [];
registerLogger({
  error: (message) => defects.push(message),
  warn: () => {},
  info: () => {},
  log: () => {},
});

async function diagnosticsOf(files: ReadonlyMap<string, string>, place: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith(".yml")) continue;
    const uri = `file:///${place}/${path}`;
    const lines = text.split("\n");
    const document = {
      uri,
      languageId: "yaml",
      version: 1,
      lineCount: lines.length,
      getText: () => text,
      positionAt: () => ({ line: 0, character: 0 }),
      offsetAt: () => 0,
      getLineRange: () => ({ start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }),
      getEOLCharacters: () => "\n",
    };
    const diagnostics = await validate(document, {
      fileProvider: {
        getFileContent: async (reference) => {
          const content = files.get(reference.path);
          if (content === undefined) throw new Error(`no file ${reference.path}`);
          return { name: reference.path, content };
        },
      },
    });
    found.push(
      ...diagnostics.map(({ message, range }) => `${path}: ${message}: ${lines[range.start.line]?.trim() ?? ""}`),
    );
  }
  return [...found, ...defects.splice(0)];
}

test("it sees what is wrong", async () => {
  const { files } = compileForGithub("dag:\n  steps:\n    - {name: a, type: stub}\n    - {name: b, type: stub}\n");
  const spoil = (from: string, to: string) =>
    diagnosticsOf(new Map([...files].map(([path, text]) => [path, text.replace(from, to)])), `spoilt/${to}`);
  expect(await spoil("needs: [a]", "needs: [c]")).not.toEqual([]);
  expect(await spoil("needs.a.result == 'success'", "needs.a.result = 'success'")).not.toEqual([]);
  expect(await spoil("needs.a.result == 'success'", "needs.d.result == 'success'")).not.toEqual([]);
});

describe("no diagnostics", () => {
  test.for(compiledCorpus())("$name", async ({ files, name }) => {
    expect(await diagnosticsOf(files, name)).toEqual([]);
  });

  test("with all options", async () => {
    const text = `parameters: {xs: [1], deep: true, n: 1.5, kind: a}
parameter_schema: {kind: {enum: [a, b]}}
dag:
  steps:
    - {name: a, type: task, command: m.f, secrets: [TOKEN], catalog: {put: [x]}, timeout: 90s, returns: [ys]}
    - {name: b, type: map, iterate_on: xs, iterate_as: x, branch: {steps: [{name: c, type: task, command: m.f, secrets: [KEY], catalog: {get: [x]}}, {name: d, type: stub}]}}
`;
    const options = {
      runs_on: ["self-hosted", "linux"],
      image: "python:3.12",
      container: { credentials: { username: "me", password: "${{ secrets.REGISTRY }}" } },
      environment: { name: "production", url: "https://example.com" },
      permissions: { "id-token": "write" },
      env: { REGION: "${{ vars.REGION }}" },
      setup: { python: "3.12", node: "22", install: "pip install .", steps: [{ run: "make" }] },
      schedule: [{ cron: "0 6 * * 1", timezone: "Europe/Berlin" }, "0 7 * * *"],
      on: { push: { branches: ["main"] } },
      concurrency: "replace",
      secrets: { TOKEN: "MODELS_TOKEN" },
      many_items: ["b"],
    };
    const { files, reports } = compileForGithub(text, { options });
    expect(reports).toEqual([]);
    expect(await diagnosticsOf(files, "options")).toEqual([]);
  });
});
