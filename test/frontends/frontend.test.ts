import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkPipeline, readPipeline } from "../../src/check.ts";
import { loadTarget } from "../../src/cli/input/load-target.ts";
import { renderTemplate } from "../../src/cli/input/templates.ts";
import { compilePipeline } from "../../src/compile.ts";
import { pipelineCodes } from "../../src/diagnostics/codes-pipeline.ts";
import { shapeCodes } from "../../src/diagnostics/codes-shape.ts";
import { stepCodes } from "../../src/diagnostics/codes-step.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import type { Frontend } from "../../src/frontends/frontend.ts";
import { frontends } from "../../src/frontends/frontends.ts";
import { includedDocuments } from "../../src/frontends/included-documents.ts";
import { readYaml } from "../../src/frontends/yaml.ts";
import type { Checked } from "../../src/ir/checked.ts";
import { digestPipeline } from "../../src/ir/digest.ts";
import { walkNodes } from "../../src/ir/walk.ts";
import { runHere } from "../../src/local/run-here.ts";
import { planPipeline } from "../../src/plan/plan.ts";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { foldRun } from "../../src/run-log/views/fold.ts";
import { openServices } from "../../src/services/open-services.ts";
import { checkText } from "../support/check-text.ts";
import { unobserved } from "../support/unobserved.ts";
import { linesFrontend, placeless } from "./lines-frontend.ts";

interface Given {
  readonly files: { readonly [name: string]: string };
  readonly sink?: DiagnosticSink;
  readonly lines?: Frontend;
}

function read(
  input: string,
  { files, sink = new DiagnosticSink(), lines = linesFrontend() }: Given,
): Promise<Checked | undefined> {
  const among = [lines, ...frontends];
  const name = among.find((frontend) => frontend.reads(input))?.fileOf?.(input) ?? input;
  const source = { input, file: { name, text: files[name] ?? "" } };
  return readPipeline(source, { readFile: (file) => files[file], frontends: among }, sink);
}

async function readWell(input: string, given: Given): Promise<Checked> {
  const sink = new DiagnosticSink();
  const checked = await read(input, { ...given, sink });
  if (checked === undefined) throw new Error(JSON.stringify(sink.list().map(({ message }) => message)));
  return checked;
}

describe("a front end that src/ does not know", () => {
  const files = { "a.lines": "one: echo 1\ntwo: echo 2\n" };

  test("is asked for what it reads, and checked by the same rules, without places", async () => {
    const { pipeline } = await readWell("a.lines", { files });
    expect([pipeline.name, [...pipeline.root.nodes.keys()]]).toEqual(["lined", ["one", "two"]]);
    expect([...(await readWell("a.lines:2", { files })).pipeline.root.nodes.keys()]).toEqual(["two"]);
    const sink = new DiagnosticSink();
    expect(await read("b.lines", { files: { "b.lines": "one: \n" }, sink })).toBeUndefined();
    expect(sink.list().map(({ code, span }) => [code, span])).toEqual([["empty-command", undefined]]);
  });

  test("is compiled", async () => {
    const checked = await readWell("a.lines", { files });
    const target = await loadTarget("shell");
    if (target === undefined) throw new Error("unknown target shell");
    const sink = new DiagnosticSink();
    const compiled = compilePipeline(
      {
        ...checked,
        target,
        options: target.options.parse({}),
        source: "a.lines",
        version: "0",
        services: {},
        render: (template, values) => renderTemplate("shell", template, values),
        program: () => "",
      },
      sink,
    );
    expect(sink.list()).toEqual([]);
    expect(compiled?.map(({ path: file }) => file)).toEqual(["lined.sh"]);
    expect(compiled?.[0]?.content).toContain("a.lines");
  });

  test("is run", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "magnus-lines-"));
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    const { pipeline } = await readWell("p.lines", { files: { "p.lines": "one: echo 1 > one.txt\n" } });
    const plan = planPipeline(pipeline, digestPipeline(pipeline));
    const services = openServices({ run_log_store: { type: "buffered" } }, {}, folder);
    const log = await services.runLogStore.create("r");
    if (log === null) throw new Error("the run is there already");
    await runHere({
      plan,
      parameters: plan.run.parameters,
      log,
      services,
      executor: { name: "local", pipeline, jobs: 1, oneAtATime: new Set() },
      ...unobserved,
    });
    expect(foldRun(await readEvents(log)).status).toBe("success");
    expect(readFileSync("one.txt", "utf8")).toBe("1\n");
  });
});

describe("included documents", () => {
  const yaml = (file: string) => `dag:\n  steps:\n    - {name: sub, type: dag, dag_definition: ${file}}\n`;

  test("come through the same door, at any depth and in any language, each read once", async () => {
    const log: string[] = [];
    const { pipeline } = await readWell("p.yaml", {
      lines: linesFrontend(log),
      files: {
        "p.yaml": `${yaml("d/a.lines")}    - {name: again, type: dag, dag_definition: d/a.lines}\n`,
        "d/a.lines": "one: echo 1\nmore @b.yaml\n",
        "d/b.yaml": yaml("c.lines:2"),
        "d/c.lines": "not: this\nlast: echo 2\n",
      },
    });
    const names = [...walkNodes(pipeline.root)].map(({ name }) => name);
    expect(names).toEqual(["sub", "one", "more", "sub", "last", "again", "one", "more", "sub", "last"]);
    expect(log).toEqual(["d/a.lines", "d/c.lines:2"]);
  });

  test("are reported once, in their own files, whenever they were read", async () => {
    const sink = new DiagnosticSink();
    await read("p.yaml", {
      sink,
      files: {
        "p.yaml": `${yaml("a.lines")}    - {name: x, type: dag, dag_definition: bad.yaml}\n    - {name: y, type: nope}\n`,
        "a.lines": "one: \n",
        "bad.yaml": "dag: {start_at: s, steps: {s: {type: stub, next: success}}}\na: 1\na: 2\n",
      },
    });
    const found = sink.list().map(({ code, span }) => [span?.file.name, code]);
    expect(found).toEqual([
      [undefined, "empty-command"],
      ["bad.yaml", "unknown-key"],
      ["bad.yaml", "duplicate-key"],
      ["p.yaml", "unknown-type"],
    ]);
  });

  test("that include each other are a cycle", async () => {
    const sink = new DiagnosticSink();
    await read("a.lines", { sink, files: { "a.lines": "x @b.yaml\n", "b.yaml": yaml("a.lines") } });
    expect(sink.list().map(({ code }) => code)).toEqual(["inclusion-cycle"]);
  });
});

describe("a document of which no place is known", () => {
  const root = path.join(import.meta.dirname, "../../fixtures/errors");
  // One is of size alone, and takes long.
  const codes = Object.keys({ ...shapeCodes, ...stepCodes, ...pipelineCodes }).filter(
    (code) => code !== "pipeline-too-large",
  );

  test.each(codes)("%s is found in it too, and nothing else", (code) => {
    const readFile = (name: string) => {
      const file = path.join(root, code, name);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    };
    const text = readFile("pipeline.yaml") ?? "";
    const codesOf = (sink: DiagnosticSink) => [...new Set(sink.list().map((found) => found.code))].sort();
    const [placed, bare] = [new DiagnosticSink(), new DiagnosticSink()];
    checkText(text, { readFile }, placed);
    const file = { name: "pipeline.yaml", text };
    const document = readYaml(file, new DiagnosticSink());
    if (document === undefined) throw new Error("no YAML");
    checkPipeline(placeless(file, document.value), { readDocument: includedDocuments(readFile).read }, bare);
    expect(codesOf(bare)).toEqual(codesOf(placed));
    expect(codesOf(bare)).toContain(code);
  });
});
