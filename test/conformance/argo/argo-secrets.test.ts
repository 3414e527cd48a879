/** A secret's value that a task puts everywhere it can appears in no manifest, pod log, run log, node or message. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { summaryOf } from "../random-case.ts";
import { compileCaseForArgo, runSimulated } from "./argo-simulator.ts";

const secrets = {
  PLAIN: "correct-horse-battery-staple",
  ENCODED: "c2VjcmV0LXZhbHVlLyt3aXRoK3BhZGRpbmc/Pw==",
  LINES: "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n",
  QUOTED: 'pass"word\\with$dollars$$and{{braces}}',
};
const names = Object.keys(secrets);

/** Each leaks all secrets into one channel; a step that is refused for it goes on with the next. */
const leaks: { readonly [channel: string]: string } = {
  stdout: names.map((name) => `printf '%s\\n' "$${name}"`).join("; "),
  stderr: names.map((name) => `printf '%s\\n' "$${name}" >&2`).join("; "),
  "in parts": names
    .map((name) => `printf %s "$${name}" | cut -c1-9 | tr -d '\\n'; sleep 0.1; printf %s "$${name}" | cut -c10-`)
    .join("; "),
  variable: names.map((name) => `export MAGNUS_PRM_${name.toLowerCase()}="x $${name} y"`).join("; "),
  metric: names.map((name) => `export MAGNUS_TRACK_m_${name.toLowerCase()}="$${name}"`).join("; "),
  "output file": "node leak.cjs parameters",
  "name of a parameter": "node leak.cjs names",
  "nested value": "node leak.cjs nested",
  "failing command": 'sh -c "echo \\"$PLAIN\\" >&2; no-such-command-$PLAIN"; exit 3',
};

const leak = `
const fs = require("node:fs");
const values = ${JSON.stringify(names)}.map((name) => process.env[name]);
const parameters = {
  parameters: () => Object.fromEntries(values.map((value, i) => ["p" + i, value])),
  names: () => Object.fromEntries(values.map((value) => [value, 1])),
  nested: () => ({ deep: [{ at: values }, Object.fromEntries(values.map((value) => [value, null]))] }),
}[process.argv[2]]();
fs.writeFileSync(process.env.MAGNUS_OUTPUT_FILE, JSON.stringify({ parameters }) + "\\n");
`;

test("secrets stay where they are", async () => {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-secrets-"));
  const channels = Object.keys(leaks);
  const steps = channels.map((name, i) => {
    const next = channels[i + 1] ?? "success";
    return { name, type: "task", command_type: "shell", command: leaks[name], secrets: names, next, on_failure: next };
  });
  writeFileSync(path.join(work, "leak.cjs"), leak);
  writeFileSync(path.join(work, "pipeline.yaml"), JSON.stringify({ dag: { steps } }));
  const testCase = { name: "secrets", folder: work, about: "", params: [], environment: secrets };
  const { code, stdout: manifest, stderr } = await compileCaseForArgo(testCase, work);
  expect(code, stderr).toBe(0);
  let printed = "";
  const output = (text: string): void => void (printed += text);
  const run = await runSimulated(manifest, work, "secrets", { secrets, output });
  const { steps: ended, status } = summaryOf(run.log);
  expect(ended.map(({ place }) => place.join("."))).toEqual(channels);
  // The last one fails, and every failure is handled.
  expect(status).toBe("success");
  const told = { manifest, stderr, printed, nodes: JSON.stringify(run.end), ...filesBelow(path.join(work, ".magnus")) };
  expect(printed).toContain("***");
  for (const [where, text] of Object.entries(told))
    for (const piece of pieces()) expect(text, where).not.toContain(piece);
  rmSync(work, { recursive: true, force: true });
});

/** What would show a secret: itself, its lines, and the same in JSON. */
function pieces(): readonly string[] {
  const plain = Object.values(secrets).flatMap((value) => [
    value,
    ...value.split("\n").filter((line) => line.length > 8),
  ]);
  return [...new Set([...plain, ...plain.map((text) => JSON.stringify(text).slice(1, -1))])];
}

function filesBelow(folder: string): { readonly [file: string]: string } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      path.join(parentPath, name),
      readFileSync(path.join(parentPath, name), "utf8"),
    ]),
  );
}
