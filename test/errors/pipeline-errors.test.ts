/**
 * Every code that a pipeline document can meet has a folder fixtures/errors/<code> with a document and the exact text
 * that is printed for it. `UPDATE=1` rewrites the texts; read them before committing.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { pipelineCodes } from "../../src/diagnostics/codes-pipeline.ts";
import { shapeCodes } from "../../src/diagnostics/codes-shape.ts";
import { stepCodes } from "../../src/diagnostics/codes-step.ts";
import { yamlCodes } from "../../src/diagnostics/codes-yaml.ts";
import { printPretty } from "../../src/diagnostics/print-pretty.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { checkText } from "../support/check-text.ts";

const root = path.join(import.meta.dirname, "../../fixtures/errors");
const codes = { ...yamlCodes, ...shapeCodes, ...stepCodes, ...pipelineCodes };

describe.each(Object.keys(codes))("%s", (code) => {
  const folder = path.join(root, code);
  const readFile = (name: string): string | undefined => {
    const file = path.join(folder, name);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  };

  it("is told as its fixture says", () => {
    const sink = new DiagnosticSink();
    const text = readFile("pipeline.yaml");
    expect(text, "fixtures/errors has no pipeline.yaml for this code").toBeDefined();
    const checked = checkText(text ?? "", { readFile }, sink);
    const found = sink.list();
    const printed = printPretty(found);
    if (process.env.UPDATE === "1") writeFileSync(path.join(folder, "expected.txt"), printed);
    expect(found.map((diagnostic) => diagnostic.code)).toContain(code);
    expect(printed).toBe(readFile("expected.txt"));
    expect(checked === undefined).toBe(sink.hasErrors);
  });
});
