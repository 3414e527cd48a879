import { describe, expect, it } from "vitest";
import { jobAt, results, simulateScripted } from "./scripted-host.ts";

describe("matrices", () => {
  const matrix = (list: string, more = "") => `
on: push
jobs:
  plan:
    runs-on: x
    outputs: {list: "\${{ steps.s.outputs.list }}"}
    steps: [{id: s, run: a}]
  each:
    needs: plan
    strategy: {${more}matrix: {item: "\${{ fromJSON(needs.plan.outputs.list) }}"}}
    runs-on: x
    outputs: {last: "\${{ steps.s.outputs.last }}"}
    steps: [{id: s, run: a, env: {ITEM: "\${{ matrix.item }}"}}]
  after:
    needs: each
    if: always()
    runs-on: x
    outputs: {seen: "\${{ needs.each.outputs.last }}"}
    steps: [{run: a}]
# ${list}
`;
  const planned =
    (list: unknown) => (call: { readonly job: string; readonly env: { readonly [name: string]: string } }) => {
      if (call.job === "plan") return { exitCode: 0, files: { output: `list=${JSON.stringify(list)}\n` } };
      const item = call.env.ITEM ?? "";
      return { exitCode: item === "bad" ? 1 : 0, files: item === "quiet" ? {} : { output: `last=${item}` } };
    };

  it("makes a leg of each value, names it by it, and keeps the last output that is not empty", async () => {
    const end = await simulateScripted(matrix("three"), { execute: planned(["a", "b", "quiet"]) });
    expect(end.jobs.map((job) => job.name)).toEqual(["plan", "each (a)", "each (b)", "each (quiet)", "after"]);
    expect(jobAt(end, "after").outputs).toEqual({ seen: "b" });
    expect(jobAt(end, "each[1]").matrix).toEqual({ item: "b" });
  });

  it("fails the job for an empty list", async () => {
    const end = await simulateScripted(matrix("none"), { execute: planned([]) });
    expect(results(end)).toEqual(["plan:success", "each:failure", "after:success"]);
    expect(jobAt(end, "each").annotations[0]?.message).toBe("Matrix vector 'item' does not contain any values");
    expect(end.conclusion).toBe("failure");
  });

  it("runs 256 legs and no more", async () => {
    const items = Array.from({ length: 256 }, (_, index) => index);
    const end = await simulateScripted(matrix("256"), { execute: planned(items) }, { jobs: 50 });
    expect(end.conclusion).toBe("success");
    expect(end.jobsStarted).toBe(258);
    const more = await simulateScripted(matrix("257"), { execute: planned([...items, 256]) });
    expect(jobAt(more, "each").annotations[0]?.message).toContain("257 legs");
  });

  it("cancels the other legs when one fails, unless fail-fast is false", async () => {
    const list = ["bad", "a", "b"];
    const fast = await simulateScripted(matrix("fast"), { execute: planned(list) }, { jobs: 1 });
    expect(results(fast).slice(1)).toEqual([
      "each[0]:failure",
      "each[1]:cancelled",
      "each[2]:cancelled",
      "after:success",
    ]);
    const slow = await simulateScripted(matrix("slow", "fail-fast: false, "), { execute: planned(list) }, { jobs: 1 });
    expect(results(slow).slice(1)).toEqual(["each[0]:failure", "each[1]:success", "each[2]:success", "after:success"]);
    expect(fast.conclusion).toBe("failure");
  });

  it("does not cancel for a leg that is forgiven", async () => {
    const end = await simulateScripted(
      matrix("forgiven").replace("  each:", `  each:\n    continue-on-error: \${{ matrix.item == 'bad' }}`),
      { execute: planned(["bad", "a"]) },
      { jobs: 1 },
    );
    expect(results(end).slice(1)).toEqual(["each[0]:success", "each[1]:success", "after:success"]);
    expect(end.conclusion).toBe("success");
  });

  it("runs no more legs at a time than max-parallel", async () => {
    let now = 0;
    let most = 0;
    const execute = async (call: Parameters<ReturnType<typeof planned>>[0]) => {
      if (call.job.startsWith("each")) most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      if (call.job.startsWith("each")) now--;
      return planned([1, 2, 3, 4, 5])(call);
    };
    await simulateScripted(matrix("few", "max-parallel: 2, "), { execute }, { jobs: 10 });
    expect(most).toBe(2);
  });
});
