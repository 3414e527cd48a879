/** Parameters of a run that come in as inputs: by the form, by a caller, by a schedule that has none. */
import { describe, expect, test } from "vitest";
import { simulatePipeline } from "./simulated-workflow.ts";

const pipeline = {
  parameters: { tiny: 0.00001, rate: 0.5, deep: true, kind: "good", list: [1, { a: null }], version: "1.10", exact: 3 },
  parameter_schema: {
    kind: { enum: ["good", "fast"] },
    wet: { type: "boolean" },
    count: { type: "integer" },
  },
  dag: { start_at: "a", steps: { a: { type: "stub", next: "success" } } },
};
const usual = { tiny: 0.00001, rate: 0.5, deep: true, kind: "good", list: [1, { a: null }], version: "1.10", exact: 3 };

describe("what a run starts with", () => {
  test.each(["workflow_dispatch", "workflow_call", "schedule"] as const)(
    "by %s, where nothing is given",
    async (event) => {
      const files = { "magnus-config.yaml": 'targets: {github-actions: {schedule: "0 6 * * 1"}}\n' };
      const { log, end } = await simulatePipeline(pipeline, { event, files });
      expect(end.conclusion).toBe("success");
      expect(log.parameters).toEqual(usual);
    },
  );

  const given = {
    tiny: "1e-7",
    rate: "2",
    deep: "false",
    kind: "fast",
    list: "[]",
    version: "2.10",
    wet: "true",
    count: "4",
  };
  test.each(["workflow_dispatch", "workflow_call"] as const)("by %s", async (event) => {
    const { log } = await simulatePipeline(pipeline, { event, inputs: given });
    expect(log.parameters).toEqual({
      ...usual,
      ...{ tiny: 1e-7, rate: 2, deep: false, kind: "fast", list: [], version: "2.10", wet: true, count: 4 },
    });
  });

  test("an empty text is one where the form was used, and elsewhere what was not given", async () => {
    const inputs = { version: "" };
    expect((await simulatePipeline(pipeline, { event: "workflow_dispatch", inputs })).log.parameters).toEqual({
      ...usual,
      version: "",
    });
    expect((await simulatePipeline(pipeline, { event: "workflow_call", inputs })).log.parameters).toEqual(usual);
  });

  test.each(["rate", "list"])(
    "%s, which is no text, cannot be cleared: the first step fails and says so",
    async (name) => {
      const { end, annotations } = await simulatePipeline(pipeline, {
        event: "workflow_dispatch",
        inputs: { [name]: "" },
      });
      expect(end.conclusion).toBe("failure");
      expect(annotations.find(({ job }) => job === "a")?.message).toContain(`the input ${name} is empty`);
    },
  );

  const numbers = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, i]));
  const parameters = { ...numbers, p1: "one", p2: [1], text: "usual" };
  const many = { ...pipeline, parameters, parameter_schema: {} };

  test("by one input of JSON, where they are many", async () => {
    const inputs = { parameters: '{"p1": "::error::", "p2": [2, "${{ x }}"], "text": "1.0"}' };
    const { log } = await simulatePipeline(many, { inputs });
    expect(log.parameters).toEqual({ ...parameters, p1: "::error::", p2: [2, "${{ x }}"], text: "1.0" });
  });

  test.each(["[1]", "{", "rate: 1"])(
    "by an input that is not a JSON object (%s): the first step fails and says so",
    async (text) => {
      const { end, annotations } = await simulatePipeline(many, { inputs: { parameters: text } });
      expect(end.conclusion).toBe("failure");
      expect(annotations.find(({ job }) => job === "a")?.message).toContain("`parameters` is not a JSON object");
    },
  );
});
