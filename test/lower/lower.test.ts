import { describe, expect, it } from "vitest";
import { printPretty } from "../../src/diagnostics/print-pretty.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import type { Graph, Node, Pipeline } from "../../src/ir/pipeline.ts";
import type { Places } from "../../src/ir/places.ts";
import { serializePipeline } from "../../src/ir/serialize.ts";
import { checkText } from "../support/check-text.ts";

interface Found {
  readonly pipeline: Pipeline;
  readonly places: Places;
  readonly codes: readonly string[];
}

function check(text: string, files: { readonly [name: string]: string } = {}, name = "pipeline.yaml"): Found {
  const sink = new DiagnosticSink();
  const checked = checkText(text, { name, readFile: (file) => files[file] }, sink);
  if (checked === undefined) throw new Error(printPretty(sink.list()));
  const { pipeline, places } = checked;
  return { pipeline, places, codes: sink.list().map(({ code }) => code) };
}

const errorsOf = (text: string, files: { readonly [name: string]: string } = {}, name = "pipeline.yaml") => {
  const sink = new DiagnosticSink();
  checkText(text, { name, readFile: (file) => files[file] }, sink);
  return sink.list().map(({ code }) => code);
};

function node<Kind extends Node["kind"]>(graph: Graph, name: string, kind: Kind): Extract<Node, { kind: Kind }> {
  const found = graph.nodes.get(name);
  if (found === undefined || !isKind(found, kind)) throw new Error(`no ${kind} named ${name}`);
  return found;
}

function isKind<Kind extends Node["kind"]>(found: Node, kind: Kind): found is Extract<Node, { kind: Kind }> {
  return found.kind === kind;
}

const task = (keys: string, type = "task", head = "") =>
  check(`${head}dag:\n  start_at: a\n  steps:\n    a: {type: ${type}, next: success, ${keys}}\n`);
const one = "{start_at: a, steps: {a: {type: stub, next: success}}}";

describe("documents", () => {
  it("are named after their file", () => {
    const text = `dag: ${one}`;
    expect(check(text, {}, "flows/train.v2.yaml").pipeline.name).toBe("train.v2");
    expect(check(`name: 7\n${text}`).pipeline.name).toBe("7");
  });

  it("may have anchored and x- keys at the top only", () => {
    expect(check(`x-a: 1\nother: &o {type: stub, next: success}\ndag: {start_at: a, steps: {a: *o}}`).codes).toEqual(
      [],
    );
    expect(errorsOf(`other: 1\ndag: ${one}`)).toEqual(["unknown-key"]);
    expect(errorsOf(`dag: {x-a: 1, start_at: a, steps: {a: {type: stub, next: success}}}`)).toEqual(["unknown-key"]);
  });

  it("keep the text of numbers, and where parameters stand", () => {
    const text = `parameters: {a: 1.0, b: 12345678901234567890}\ndag: ${one}`;
    const { pipeline, places } = check(text);
    expect(serializePipeline(pipeline)).toContain('"a": 1.0,\n    "b": 12345678901234567890');
    expect(places.ofParameter("b")?.start).toBe(text.indexOf("b:"));
  });

  it("tell a forgotten dag as that alone", () => {
    expect(errorsOf("start_at: a\nsteps: {a: {type: stub, next: success}}")).toEqual(["missing-key"]);
  });

  it.each(["[]", "text", "3"])("are mappings, not %s", (text) => {
    expect(errorsOf(text)).toEqual(["wrong-type"]);
  });
});

describe("graphs", () => {
  it("have implicit terminals", () => {
    const { root } = check(`dag: ${one}`).pipeline;
    expect(root).toMatchObject({ start: "a", success: "success", fail: "fail" });
    expect(root.nodes.get("a")).toMatchObject({
      ok: { end: "success", name: "success" },
      failed: { end: "fail", name: "fail" },
    });
  });

  it("have declared terminals of any name", () => {
    const { root } = check(
      "dag: {start_at: a, steps: {a: {type: stub, next: fine, on_failure: bad}, bad: {type: fail}, fine: {type: success}}}",
    ).pipeline;
    expect(root).toMatchObject({ success: "fine", fail: "bad" });
    expect([...root.nodes.keys()]).toEqual(["a"]);
    expect(root.nodes.get("a")?.failed).toEqual({ end: "fail", name: "bad" });
  });

  it("may be lists: next is the following step, the last one's is success", () => {
    const { root } = check(
      "dag: {steps: [{name: a, type: stub}, {name: b, type: stub}, {name: c, type: stub}]}",
    ).pipeline;
    expect(root.start).toBe("a");
    expect([...root.nodes.values()].map(({ ok }) => ok)).toEqual([
      { to: "b" },
      { to: "c" },
      { end: "success", name: "success" },
    ]);
  });

  it("as lists pass over fail terminals and end at the success terminal", () => {
    const { root } = check(
      "dag: {steps: [{name: a, type: stub}, {name: bad, type: fail}, {name: b, type: stub}, {name: fine, type: success}]}",
    ).pipeline;
    expect([...root.nodes.values()].map(({ ok }) => ok)).toEqual([{ to: "b" }, { end: "success", name: "fine" }]);
  });

  it("keep the order of steps and branches whose names are numbers", () => {
    const { root } = check(
      `dag: {start_at: 10, steps: {10: {type: parallel, branches: {b: ${one}, 2: ${one}, 1: ${one}}, next: 2}, 2: {type: stub, next: success}}}`,
    ).pipeline;
    expect([...root.nodes.keys()]).toEqual(["10", "2"]);
    expect([...node(root, "10", "parallel").branches.keys()]).toEqual(["b", "2", "1"]);
  });

  it("accept what magnus's SDK writes without meaning", () => {
    const { codes } = check(
      "dag: {name: '', description: '', start_at: a, steps: {a: {type: stub, name: a, node_name: a, on_failure: '', overrides: {}, next: ok}, ok: {type: success, name: ok}, fail: {type: fail, next: null}}}",
    );
    expect(codes).toEqual([]);
  });

  it("may name steps like properties of objects", () => {
    const { root } = check(
      "dag: {start_at: constructor, steps: {constructor: {type: stub, next: __proto__}, __proto__: {type: stub, next: toString}, toString: {type: stub, next: success}}}",
    ).pipeline;
    expect([...root.nodes.keys()]).toEqual(["constructor", "__proto__", "toString"]);
  });

  it("lead a misspelt edge on, so that nothing follows from it", () => {
    expect(
      errorsOf("dag: {start_at: load, steps: {load: {type: stub, next: traim}, train: {type: stub, next: success}}}"),
    ).toEqual(["unknown-next"]);
    expect(
      errorsOf("dag: {start_at: load, steps: {load: {type: stub, next: nowhere}, train: {type: stub, next: success}}}"),
    ).toEqual(["unknown-next"]);
  });

  it("may be a chain of any length", () => {
    const steps = Array.from({ length: 20_000 }, (_, i) => `{name: s${i}, type: stub}`).join(",\n ");
    expect(check(`dag: {steps: [${steps}]}`).pipeline.root.nodes.size).toBe(20_000);
  });
});

describe("tasks", () => {
  it("are python by default, one attempt, nothing else", () => {
    const { root } = task("command: ' model.fit '").pipeline;
    expect(node(root, "a", "task")).toMatchObject({
      commandType: "python",
      command: "model.fit",
      returns: [],
      secrets: [],
      env: {},
      catalog: { get: [], put: [] },
      maxAttempts: 1,
    });
  });

  it("read all of their keys", () => {
    const { root } = task(
      'command_type: shell, shell: bash, command: "echo 1\\n", returns: [a, {name: b}, {name: c, kind: metric}], secrets: [T], env: {N: 1.50, B: true, S: x}, image: i, resources: {cpu: 2, memory: 2Gi, gpu: 1}, timeout: 1h30m, max_attempts: 3, backoff: {initial: 500ms}, overrides: {argo: big}, description: d, catalog: {get: [x], put: [y, {pattern: z, optional: true, store_copy: false}]}',
    ).pipeline;
    expect(node(root, "a", "task")).toEqual({
      kind: "task",
      name: "a",
      description: "d",
      ok: { end: "success", name: "success" },
      failed: { end: "fail", name: "fail" },
      overrides: { argo: "big" },
      commandType: "shell",
      shell: "bash",
      command: "echo 1\n",
      returns: [
        { name: "a", kind: "json" },
        { name: "b", kind: "json" },
        { name: "c", kind: "metric" },
      ],
      secrets: ["T"],
      env: { N: "1.50", B: "true", S: "x" },
      catalog: { get: [{ pattern: "x" }], put: [{ pattern: "y" }, { pattern: "z", optional: true, digestOnly: true }] },
      image: "i",
      resources: { cpu: "2", memory: "2Gi", gpu: "1" },
      timeoutMs: 5_400_000,
      maxAttempts: 3,
      backoff: { initialMs: 500, factor: 2, maxMs: 300_000 },
    });
  });

  it("take what they do not say from defaults", () => {
    const head =
      "defaults: {image: i, timeout: 1m, max_attempts: 2, env: {A: 1, B: 1}, resources: {cpu: 1, memory: 1Gi}}\n";
    const { root } = task("command: m.f, timeout: 2m, env: {B: 2}, resources: {cpu: 4}", "task", head).pipeline;
    expect(node(root, "a", "task")).toMatchObject({
      image: "i",
      timeoutMs: 120_000,
      maxAttempts: 2,
      env: { A: "1", B: "2" },
      resources: { cpu: "4", memory: "1Gi" },
    });
  });

  it("read keys without a value as absent", () => {
    const { pipeline, codes } = task("command: m.f, catalog: , secrets: null, returns: , env: , timeout: , image: ");
    expect([serializePipeline(pipeline), codes]).toEqual([serializePipeline(task("command: m.f").pipeline), []]);
  });

  it("read magnus-core 0.4's spellings, with a warning", () => {
    const { pipeline, codes } = task("command: m.f, catalog: {compute_data_folder: data/, get: ['*'], put: [a.csv]}");
    expect(node(pipeline.root, "a", "task").catalog).toEqual({
      get: [{ pattern: "data/*" }],
      put: [{ pattern: "data/a.csv" }],
    });
    expect(codes).toEqual(["old-spelling"]);
    const notebook = task("command_type: notebook, command: n.ipynb, command_config: {notebook_output_path: o.ipynb}");
    expect(node(notebook.pipeline.root, "a", "task").notebook).toEqual({ outputPath: "o.ipynb" });
  });

  it("read runnable's spellings", () => {
    const { pipeline } = task("command: m.f, command_type: async-python, catalog: {put: [a], store_copy: false}");
    expect(node(pipeline.root, "a", "task")).toMatchObject({
      commandType: "python",
      catalog: { put: [{ pattern: "a", digestOnly: true }] },
    });
  });

  it("of other types have their own commands", () => {
    expect(node(task("command_type: node, command: a.ts#f").pipeline.root, "a", "task").command).toBe("a.ts#f");
    expect(node(task("command_type: container, image: i, command: [a, b]").pipeline.root, "a", "task").command).toEqual(
      ["a", "b"],
    );
    expect(
      errorsOf(
        "dag: {start_at: a, steps: {a: {type: task, command_type: container, image: i, command: run, next: success}}}",
      ),
    ).toEqual(["wrong-type"]);
  });

  it("are stubbed by one word, whatever keys they have", () => {
    const { pipeline, codes } = task("command: 7, branches: [], anything: {at: all}", "stub");
    expect([pipeline.root.nodes.get("a")?.kind, codes]).toEqual(["stub", []]);
    expect(task("command: 1", "as-is").codes).toEqual(["old-spelling"]);
  });

  it("know where their parts stand", () => {
    const text =
      "dag:\n  start_at: a\n  steps:\n    a: {type: task, command: m.f, env: {A: one}, catalog: {put: [x]}, next: success}\n";
    const { pipeline, places } = check(text);
    const a = node(pipeline.root, "a", "task");
    const word = (span: { start: number; end: number } | undefined) => text.slice(span?.start, span?.end);
    const parts = [["env", "A"], ["catalog", "put", 0, "pattern"], ["next"], ["type"], [], ["secrets", 0]];
    expect(parts.map((way) => word(places.of(a, ...way)))).toEqual(["one", "x", "success", "task", "a", "a"]);
    expect(word(places.exactly(a, ["env", "A"], "key"))).toBe("A");
    expect(places.exactly(a, ["env", "B"], "value")).toBeUndefined();
    expect(word(places.of(pipeline.root))).toBe("dag");
  });
});

describe("composites", () => {
  it.each([
    ["", "list"],
    ["reduce: max,", "max"],
    ["reduce: {a: sum},", { a: "sum" }],
    ["reducer: 'lambda *x: max(x)',", "max"],
    ["reducer: 'lambda *xs : list( xs )',", "list"],
    ["reducer: min,", "min"],
    ["reducer: null,", "list"],
  ])("map with %s", (key, expected) => {
    const { root } = check(
      `dag: {start_at: a, steps: {a: {type: map, iterate_on: xs, iterate_as: x, ${key} max_parallel: 2, branch: ${one}, next: success}}}`,
    ).pipeline;
    expect(node(root, "a", "map")).toMatchObject({ iterateOn: "xs", iterateAs: "x", reduce: expected, maxParallel: 2 });
  });

  it.each(["lambda *x: max(y)", "lambda x: max(x)", "numpy.mean", "lambda *x: __import__('os')"])(
    "no reducer %s",
    (text) => {
      const step = `{type: map, iterate_on: xs, iterate_as: x, reducer: "${text}", branch: ${one}, next: success}`;
      expect(errorsOf(`dag: {start_at: a, steps: {a: ${step}}}`)).toEqual(["bad-reducer"]);
    },
  );

  it("read Python's booleans as branches of a conditional, unless both are there", () => {
    const branches = (names: string) =>
      check(
        `dag: {start_at: a, steps: {a: {type: conditional, parameter: p, default: False, branches: {${names}}, next: success}}}`,
      );
    const renamed = branches(`True: ${one}, False: ${one}`);
    expect([...node(renamed.pipeline.root, "a", "conditional").branches.keys()]).toEqual(["true", "false"]);
    expect(node(renamed.pipeline.root, "a", "conditional").default).toBe("false");
    expect(renamed.codes).toEqual(["python-boolean-branch", "python-boolean-branch"]);
    const both = branches(`False: ${one}, false: ${one}`);
    expect([...node(both.pipeline.root, "a", "conditional").branches.keys()]).toEqual(["False", "false"]);
  });

  it("loop", () => {
    const { root } = check(
      `dag: {start_at: a, steps: {a: {type: loop, max_iterations: 3, break_on: done, branch: ${one}, next: success}}}`,
    ).pipeline;
    const loop = node(root, "a", "loop");
    expect([loop.maxIterations, loop.breakOn, loop.indexAs]).toEqual([3, "done", undefined]);
  });
});

describe("included files", () => {
  const including = (file: string) =>
    `dag: {start_at: a, steps: {a: {type: dag, dag_definition: ${file}, next: success}}}`;

  it("are relative to the including file, else to the working directory", () => {
    const root = including("b.yaml");
    expect(check(root, { "flows/b.yaml": `dag: ${one}` }, "flows/a.yaml").codes).toEqual([]);
    expect(check(root, { "b.yaml": `dag: ${one}` }, "flows/a.yaml").codes).toEqual([]);
    expect(errorsOf(root, {}, "flows/a.yaml")).toEqual(["missing-file"]);
  });

  it("may be included twice, but not in a circle", () => {
    const twice =
      "dag: {steps: [{name: a, type: dag, dag_definition: b.yaml}, {name: b, type: dag, dag_definition: ./b.yaml}]}";
    expect(check(twice, { "b.yaml": `dag: ${one}` }).codes).toEqual([]);
    expect(errorsOf(including("pipeline.yaml"))).toEqual(["inclusion-cycle"]);
    expect(errorsOf(including("b.yaml"), { "b.yaml": including("c.yaml"), "c.yaml": including("b.yaml") })).toEqual([
      "inclusion-cycle",
    ]);
  });

  it("have their own defaults, over those of the including one", () => {
    const inner = "defaults: {timeout: 5s}\ndag: {start_at: t, steps: {t: {type: task, command: m.f, next: success}}}";
    const { root } = check(`defaults: {image: i, timeout: 1s}\n${including("b.yaml")}`, { "b.yaml": inner }).pipeline;
    expect(node(node(root, "a", "dag").branch, "t", "task")).toMatchObject({ image: "i", timeoutMs: 5000 });
  });

  it("are told in their own file", () => {
    const sink = new DiagnosticSink();
    const inner = "dag: {start_at: z, steps: {a: {type: stub, next: success}}}";
    checkText(including("b.yaml"), { name: "p.yaml", readFile: () => inner }, sink);
    expect(sink.list().map(({ span }) => span?.file.name)).toEqual(["b.yaml"]);
  });
});

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["1d", 86_400_000],
  ])("%s", (text, expected) => {
    expect(node(task(`command: m.f, timeout: ${text}`).pipeline.root, "a", "task").timeoutMs).toBe(expected);
  });

  it.each(["90", "1 h", "0s", "-1s", "1w", "h", "PT1H"])("no %s", (text) => {
    expect(
      errorsOf(`dag: {start_at: a, steps: {a: {type: task, command: m.f, timeout: ${text}, next: success}}}`),
    ).toEqual(["bad-duration"]);
  });
});
