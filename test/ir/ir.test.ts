import { describe, expect, it } from "vitest";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { digestPipeline } from "../../src/ir/digest.ts";
import { orderOf, reachOf, successorsOf } from "../../src/ir/graph.ts";
import type { Graph, Node, Pipeline } from "../../src/ir/pipeline.ts";
import { serializePipeline } from "../../src/ir/serialize.ts";
import { walkGraphs, walkNodes } from "../../src/ir/walk.ts";
import { checkText } from "../support/check-text.ts";

function pipelineOf(text: string): Pipeline {
  const sink = new DiagnosticSink();
  const checked = checkText(text, { name: "p.yaml" }, sink);
  if (checked === undefined) throw new Error(JSON.stringify(sink.list()));
  return checked.pipeline;
}

const names = (nodes: Iterable<Node>) => [...nodes].map(({ name }) => name);

const nested = pipelineOf(`dag:
  start_at: a
  steps:
    z: {type: stub, next: success}
    a:
      type: parallel
      branches:
        r: {start_at: r1, steps: {r1: {type: stub, next: r2}, r2: {type: dag, next: success, dag: {start_at: d, steps: {d: {type: stub, next: success}}}}}}
        l: {start_at: l1, steps: {l1: {type: stub, next: success}}}
      on_failure: tidy
      next: z
    tidy: {type: stub, next: fail}
`);

describe("walking", () => {
  it("visits nodes in document order, each before those inside of it", () => {
    expect(names(walkNodes(nested.root))).toEqual(["z", "a", "r1", "r2", "d", "l1", "tidy"]);
  });

  it("visits graphs with the way to them", () => {
    expect(
      [...walkGraphs(nested.root)].map(({ around }) =>
        around.map(({ node, branch }) => `${node.name}/${branch ?? ""}`).join(" "),
      ),
    ).toEqual(["", "a/r", "a/r r2/", "a/l"]);
  });
});

/** A chain of `length` stubs, without a document. */
function chain(length: number, last: string): Graph {
  const nodes = new Map<string, Node>();
  for (let i = 0; i < length; i++) {
    const name = `s${i}`;
    const ok =
      i + 1 < length
        ? { to: `s${i + 1}` }
        : last === "success"
          ? { end: "success" as const, name: last }
          : { to: last };
    nodes.set(name, {
      kind: "stub",
      name,
      ok,
      failed: { end: "fail", name: "fail" },
      overrides: {},
    });
  }
  return { start: "s0", nodes, success: "success", fail: "fail" };
}

describe("order", () => {
  it("puts each node after all that lead to it, the way of success first", () => {
    const { root } = pipelineOf(
      "dag: {start_at: a, steps: {h: {type: stub, next: d}, d: {type: stub, next: success}, a: {type: stub, next: b, on_failure: h}, b: {type: stub, next: d, on_failure: h}}}",
    );
    const order = orderOf(root);
    expect("order" in order && names(order.order)).toEqual(["a", "b", "h", "d"]);
  });

  it("leaves out what cannot be reached", () => {
    const { root } = pipelineOf(
      "dag: {start_at: a, steps: {a: {type: stub, next: success}, b: {type: stub, next: success}}}",
    );
    const order = orderOf(root);
    expect("order" in order && names(order.order)).toEqual(["a"]);
    expect(names(reachOf(root).nodes)).toEqual(["a"]);
  });

  it("gives a cycle where there is one", () => {
    const order = orderOf(chain(3, "s1"));
    expect("cycle" in order && names(order.cycle)).toEqual(["s1", "s2"]);
  });

  it("does not overflow for 100,000 steps", () => {
    const graph = chain(100_000, "success");
    const order = orderOf(graph);
    expect("order" in order && order.order.length).toBe(100_000);
    expect(reachOf(graph)).toMatchObject({ success: true, fail: true });
    expect([...walkNodes(graph)].length).toBe(100_000);
  });

  it("names each successor once", () => {
    const { root } = pipelineOf(
      "dag: {start_at: a, steps: {a: {type: stub, next: b, on_failure: b}, b: {type: stub, next: success}}}",
    );
    const a = root.nodes.get("a");
    expect(a && names(successorsOf(a, root))).toEqual(["b"]);
  });
});

describe("serialising", () => {
  it("is the same for the same meaning, however it is written", () => {
    const mapping = `name: p
parameters: {b: 1.0, a: {y: 1, x: 2}}
dag:
  start_at: a
  steps:
    b: {command: m.g, type: task, next: success, max_attempts: 1, command_type: python}
    a: {type: task, next: b, command: m.f, catalog: {get: []}, env: {}}
`;
    const list = `# the same
parameters: {a: {x: 2, y: 1}, b: 1.0}
dag: {steps: [{name: a, type: task, command: m.f}, {name: b, type: task, command: m.g, on_failure: fail}]}
`;
    expect(serializePipeline(pipelineOf(list))).toBe(serializePipeline(pipelineOf(mapping)));
    expect(digestPipeline(pipelineOf(list))).toBe(digestPipeline(pipelineOf(mapping)));
    expect(digestPipeline(pipelineOf(mapping.replace("1.0", "1")))).not.toBe(digestPipeline(pipelineOf(mapping)));
  });

  it("keeps the order of branches, which means something", () => {
    const one = "{start_at: a, steps: {a: {type: stub, next: success}}}";
    const parallel = (first: string, second: string) =>
      pipelineOf(
        `dag: {start_at: a, steps: {a: {type: parallel, branches: {${first}: ${one}, ${second}: ${one}}, next: success}}}`,
      );
    expect(serializePipeline(parallel("x", "y"))).not.toBe(serializePipeline(parallel("y", "x")));
  });

  it("prints sorted, indented JSON without places", () => {
    const text = serializePipeline(
      pipelineOf("parameters: {n: 1.50}\ndag: {start_at: a, steps: {a: {type: stub, next: success}}}"),
    );
    expect(text).toBe(`{
  "name": "p",
  "parameters": {
    "n": 1.50
  },
  "root": {
    "fail": "fail",
    "nodes": {
      "a": {
        "failed": {
          "end": "fail",
          "name": "fail"
        },
        "kind": "stub",
        "ok": {
          "end": "success",
          "name": "success"
        }
      }
    },
    "start": "a",
    "success": "success"
  }
}
`);
  });
});
