import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { checkText } from "../support/check-text.ts";

function found(text: string) {
  const sink = new DiagnosticSink();
  checkText(text, { name: "p.yaml" }, sink);
  return sink.list();
}
const codes = (text: string) => found(text).map(({ code }) => code);
const dag = (steps: string, head = "") => `${head}dag: {start_at: a, steps: {${steps}}}\n`;
const one = "{start_at: a, steps: {a: {type: stub, next: success}}}";
const returning = (names: string) =>
  `{start_at: r, steps: {r: {type: task, command: m.f, returns: [${names}], next: success}}}`;

describe("cycles", () => {
  it("are printed, once each", () => {
    const cycles = found(
      dag(
        "a: {type: stub, next: b}, b: {type: stub, next: c, on_failure: a}, c: {type: stub, next: b}, d: {type: stub, next: d}",
      ),
    ).filter(({ code }) => code === "cycle");
    expect(cycles.map(({ message }) => message.replace(/^.*?: /, ""))).toEqual(['"a" -> "b" -> "a"', '"d" -> "d"']);
  });

  it("of many steps are cut in the middle", () => {
    const steps = Array.from({ length: 40 }, (_, i) => `s${i}: {type: stub, next: s${(i + 1) % 40}}`);
    const [cycle] = found(`dag: {start_at: s0, steps: {${steps.join(", ")}}}`);
    expect(cycle?.message).toContain('"s7" -> … 28 more … -> "s36"');
  });

  it("are told for exactly the graphs that have one", () => {
    const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(edges, (targets) => {
        const steps = targets.map(([ok, failed], i) => `s${i}: {type: stub, next: s${ok}, on_failure: s${failed}}`);
        const cyclic = codes(`dag: {start_at: s0, steps: {${steps.join(", ")}}}`).includes("cycle");
        // Every node has an edge to a node, so there always is one.
        expect(cyclic).toBe(true);
      }),
      { numRuns: 30 },
    );
    const forward = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(forward, (jumps) => {
        const target = (i: number, jump: number) => (i + 1 + jump < 10 ? `s${i + 1 + jump}` : "success");
        const steps = jumps.map(
          ([ok, failed], i) => `s${i}: {type: stub, next: ${target(i, ok)}, on_failure: ${target(i, failed)}}`,
        );
        expect(codes(`dag: {start_at: s0, steps: {${steps.join(", ")}}}`)).not.toContain("cycle");
      }),
      { numRuns: 30 },
    );
  });
});

describe("reachability", () => {
  it("warns of steps that never run, in inner graphs too", () => {
    expect(
      codes(
        dag(
          `a: {type: dag, next: success, dag: {start_at: a, steps: {a: {type: stub, next: success}, b: {type: stub, next: success}}}}`,
        ),
      ),
    ).toEqual(["unreachable"]);
  });

  it("counts the way of failures", () => {
    expect(
      codes(dag("a: {type: task, command: m.f, next: success, on_failure: b}, b: {type: stub, next: fail}")),
    ).toEqual([]);
    expect(
      codes(dag("a: {type: task, command: m.f, next: fail, on_failure: b}, b: {type: stub, next: success}")),
    ).toEqual([]);
    expect(codes(dag("a: {type: stub, next: fail}"))).toEqual(["no-way-to-success"]);
  });
});

describe("names", () => {
  it.each(["a b", "größe", "😀", "a/b", "a:b", "{{x}}", "-"])("%j is one", (name) => {
    expect(
      codes(`dag: {start_at: ${JSON.stringify(name)}, steps: {${JSON.stringify(name)}: {type: stub, next: success}}}`),
    ).toEqual([]);
  });

  it.each(["a.b", "a%", " a", "a ", "", "a\tb", "a\u0085b"])("%j is none", (name) => {
    const text = JSON.stringify(name).replace("\u0085", "\\x85");
    expect(codes(`dag: {steps: [{name: ${text}, type: stub}]}`)).toEqual(["bad-name"]);
  });
});

describe("maps", () => {
  const map = (iterateOn = "xs") =>
    `{type: map, iterate_on: ${iterateOn}, iterate_as: x, branch: ${one}, next: success}`;

  it.each(["text", "{a: 1}", "3", "true"])("over a parameter that is %s", (value) => {
    expect(codes(dag(`a: ${map()}`, `parameters: {xs: ${value}}\n`))).toEqual(["map-not-a-list"]);
  });

  it("say nothing where it cannot be known", () => {
    expect(codes(dag(`a: ${map()}`))).toEqual([]);
    expect(codes(dag(`a: ${map()}`, "parameters: {xs: []}\n"))).toEqual([]);
    expect(codes(dag(`a: ${map()}`, "parameters: {xs: null}\n"))).toEqual([]);
    expect(codes(dag(`a: {type: task, command: m.f, next: b}, b: ${map()}`, "parameters: {xs: 1}\n"))).toEqual([]);
  });

  it("inside of a map may take its items", () => {
    const inner = `{start_at: a, steps: {a: ${map("ys")}}}`;
    const outer = `{type: map, iterate_on: xs, iterate_as: ys, branch: ${inner}, next: success}`;
    expect(codes(dag(`a: ${outer}`, "parameters: {xs: [], ys: 1}\n"))).toEqual([]);
  });

  it("after stubs only", () => {
    expect(codes(dag(`a: {type: stub, next: b}, b: ${map()}`, "parameters: {xs: 1}\n"))).toEqual(["map-not-a-list"]);
  });
});

describe("parallel returns", () => {
  const parallel = (left: string, right: string, more = "") =>
    dag(`a: {type: parallel, ${more} branches: {left: ${left}, right: ${right}}, next: success}`);

  it("conflict where two branches return one name", () => {
    expect(codes(parallel(returning("x, y"), returning("y, z")))).toEqual(["conflicting-returns"]);
    expect(codes(parallel(returning("x"), returning("y")))).toEqual([]);
  });

  it("are decided by on_conflict", () => {
    expect(codes(parallel(returning("x"), returning("x"), "on_conflict: last,"))).toEqual([]);
    expect(codes(parallel(returning("x"), returning("x"), "on_conflict: list,"))).toEqual([]);
  });

  it("are found in inner graphs, but not behind reduce: none", () => {
    const map = (reduce: string) =>
      `{start_at: m, steps: {m: {type: map, iterate_on: xs, iterate_as: i, ${reduce} branch: ${returning("x")}, next: success}}}`;
    expect(codes(parallel(map(""), returning("x")))).toEqual(["conflicting-returns"]);
    expect(codes(parallel(map("reduce: none,"), returning("x")))).toEqual([]);
  });
});

describe("catalog patterns", () => {
  const put = (pattern: string) =>
    codes(dag(`a: {type: task, command: m.f, catalog: {put: [${JSON.stringify(pattern)}]}, next: success}`));

  it.each(["a.csv", "data", "data/", "**/*.csv", "{a}.csv", "[ab].csv", "[]a].csv", "a\\[b", "..a/b", "~a"])(
    "%s is one",
    (pattern) => {
      expect(put(pattern)).toEqual([]);
    },
  );

  it.each(["", " ", "/a", "../a", "a/../b", "..", "C:\\a", "[ab", "{a,b", "a\0"])("%j is none", (pattern) => {
    expect(put(pattern)).toEqual(["bad-glob"]);
  });
});

describe("commands", () => {
  it.each(["m.f", "pkg.mod.f", "_m.f_2", "müll.größe"])("python: %s", (command) => {
    expect(codes(dag(`a: {type: task, command: ${command}, next: success}`))).toEqual([]);
  });

  it.each(["f", "m.", ".f", "m..f", "m.f()", "m f", "m.2", "m/f.py", "lambda x: x"])("no python: %s", (command) => {
    expect(codes(dag(`a: {type: task, command: ${JSON.stringify(command)}, next: success}`))).toEqual([
      "python-command",
    ]);
  });
});

describe("environment", () => {
  const env = (value: string) =>
    codes(dag(`a: {type: task, command: m.f, env: {A: ${JSON.stringify(value)}}, next: success}`));

  it("values have at most 100 KiB", () => {
    expect(env("x".repeat(102_400))).toEqual([]);
    expect(env("x".repeat(102_401))).toEqual(["env-too-long"]);
    expect(env("é".repeat(51_201))).toEqual(["env-too-long"]);
  });

  it("no text has NUL or half a character", () => {
    expect(env("a\0")).toEqual(["nul-character"]);
    expect(env("😀")).toEqual([]);
    expect(codes(dag('a: {type: task, command_type: shell, command: "x\\ud800y", next: success}'))).toEqual([
      "lone-surrogate",
    ]);
    expect(
      codes(dag('a: {type: task, command_type: container, image: i, command: [x, "\\0"], next: success}')),
    ).toEqual(["nul-character"]);
  });
});

describe("objects between images", () => {
  const kept = "command: m.f, returns: [{name: o, kind: object}]";
  const steps = (first: string, second: string) =>
    dag(`a: {type: task, ${first}, next: b}, b: {type: task, ${second}, next: success}`);
  const inside = (node: string) =>
    dag(
      `a: {type: ${node}, branch: {start_at: c, steps: {c: {type: task, image: x, ${kept}, next: success}}}, next: b}, b: {type: task, command: m.g, image: y, next: success}`,
      "parameters: {xs: []}\n",
    );

  it("are told where a Python step or a notebook of another image follows", () => {
    expect(codes(steps(`image: x, ${kept}`, "command: m.g, image: y"))).toEqual(["object-between-images"]);
    expect(codes(steps(kept, "command: m.g, image: y"))).toEqual(["object-between-images"]);
    const notebook = "command_type: notebook, command: n.ipynb, image: y";
    expect(codes(steps(`image: x, ${kept}`, notebook))).toEqual(["object-between-images"]);
    expect(codes(inside("map, iterate_on: xs, iterate_as: i"))).toEqual(["object-between-images"]);
    expect(codes(inside("dag").replace("branch:", "dag:"))).toEqual(["object-between-images"]);
  });

  it("are no matter where none reads them", () => {
    expect(codes(steps(`image: x, ${kept}`, "command: m.g, image: x"))).toEqual([]);
    expect(codes(steps("image: x, command: m.f, returns: [o]", "command: m.g, image: y"))).toEqual([]);
    expect(codes(steps(`image: x, ${kept}`, "command_type: shell, command: 'true', image: y"))).toEqual([]);
    expect(codes(steps("command: m.g, image: y", `image: x, ${kept}`))).toEqual([]);
    expect(codes(inside("map, iterate_on: xs, iterate_as: i, reduce: none"))).toEqual([]);
    // A handler does not see what a failed step would have published.
    const handler = `a: {type: task, image: x, ${kept}, next: success, on_failure: b}, b: {type: task, command: m.g, image: y, next: success}`;
    expect(codes(dag(handler))).toEqual([]);
  });

  it("are told of a loop, whose next iteration sees them", () => {
    const body = `{start_at: c, steps: {c: {type: task, command: m.g, image: y, next: d}, d: {type: task, image: x, ${kept}, next: success}}}`;
    expect(codes(dag(`a: {type: loop, max_iterations: 2, break_on: done, branch: ${body}, next: success}`))).toEqual([
      "object-between-images",
    ]);
  });
});
