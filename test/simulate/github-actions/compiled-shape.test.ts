import { describe, expect, it } from "vitest";
import type { StepReturn } from "../../../src/simulate/github-actions/host/simulation-host.ts";
import { jobAt, path, results, simulateScripted } from "./scripted-host.ts";

// The shape that a pipeline has when it is compiled: captured leaves, a gather, a map over a called workflow, an
// unrolled loop, branches by index, a verdict that always runs.

const each = ".github/workflows/each.yml";
const poll = ".github/workflows/poll.yml";
const ok = `\${{ steps.run.outcome == 'success' && steps.chunk.outcome == 'success' }}`;

interface Leaf {
  readonly needs?: string;
  readonly if?: string;
  readonly captured?: boolean;
  readonly control?: boolean;
  readonly ok?: boolean;
  readonly at?: string;
}

function leaf(id: string, { needs, if: condition, captured, control, ok: hasOk, at = "" }: Leaf = {}): string {
  const outputs = [
    ...(captured || hasOk ? [`ok: "${ok}"`] : []),
    ...(control ? [`control: "\${{ steps.run.outputs.control }}"`] : []),
  ];
  return `
  ${id}:
    needs: [${needs ?? ""}]
    ${condition === undefined ? "" : `if: "\${{ !cancelled() && ${condition} }}"`}
    runs-on: x
    ${captured ? "continue-on-error: true" : ""}
    ${outputs.length > 0 ? `outputs: {${outputs.join(", ")}}` : ""}
    steps:
      - {uses: actions/checkout@v7}
      - {uses: actions/download-artifact@v8, with: {pattern: "demo~*", merge-multiple: true, path: chunk}}
      - {id: run, run: magnus}
      - id: chunk
        if: \${{ always() }}
        uses: actions/upload-artifact@v7
        with: {name: "demo~${id}~${at}", path: chunk, if-no-files-found: error}`;
}

const started = "(needs.acquire.outputs.ok == 'true' || needs.repair.result == 'success')";
const gathered = "needs.gather.outputs.ok == 'true'";
const trained = `(${gathered} && (needs.gather.outputs.control == '[]' || (needs.train.result == 'success' && needs.train.outputs.bad != 'true')))`;

const files = {
  [path]: `on: workflow_dispatch
jobs:${leaf("acquire", { captured: true })}
${leaf("repair", { needs: "acquire", if: "needs.acquire.result != 'skipped' && needs.acquire.outputs.ok != 'true'" })}
${leaf("gather", { needs: "acquire, repair", if: started, captured: true, control: true })}
  train:
    needs: [gather]
    if: "\${{ !cancelled() && ${gathered} && needs.gather.outputs.control != '[]' && needs.gather.outputs.control != 'fault' }}"
    strategy: {fail-fast: false, matrix: {item: "\${{ fromJSON(needs.gather.outputs.control) }}"}}
    uses: ./${each}
    with: {at: "\${{ format('{0}', matrix.item.i) }}"}
${leaf("clean", { needs: "acquire, repair, gather, train", if: `${started} && !${trained}` })}
${leaf("score", { needs: "gather, train", if: trained, control: true })}
  poll-1:
    needs: [score]
    if: "\${{ !cancelled() && needs.score.result == 'success' && needs.score.outputs.control == '0' }}"
    uses: ./${poll}
    with: {at: "0"}
  poll-2:
    needs: [poll-1]
    if: "\${{ !cancelled() && needs.poll-1.outputs.control == 'again' }}"
    uses: ./${poll}
    with: {at: "1"}
${leaf("note", { needs: "score", if: "needs.score.result == 'success' && needs.score.outputs.control == '1'" })}
${leaf("tidy", { needs: "poll-1, poll-2, note", if: "(needs.poll-1.outputs.control == 'done' || needs.poll-2.outputs.control == 'done' || needs.poll-2.outputs.control == 'again' || needs.note.result == 'success')" })}
  verdict:
    needs: [acquire, repair, gather, train, clean, score, poll-1, poll-2, note, tidy]
    if: \${{ always() }}
    runs-on: x
    steps:
      - {uses: actions/download-artifact@v8, with: {pattern: "demo~*", merge-multiple: true, path: chunk}}
      - {id: run, run: "verdict \${{ contains(needs.*.result, 'cancelled') }}"}
`,
  [each]: `on:
  workflow_call:
    inputs: {at: {type: string, required: true}}
    outputs: {bad: {value: "\${{ !(jobs.fit.outputs.ok == 'true' || jobs.fix.outputs.ok == 'true') && 'true' || '' }}"}}
jobs:${leaf("fit", { captured: true, if: "true", at: `\${{ inputs.at }}` })}
${leaf("fix", { needs: "fit", captured: true, if: "needs.fit.result != 'skipped' && needs.fit.outputs.ok != 'true'", at: `\${{ inputs.at }}` })}
`,
  [poll]: `on:
  workflow_call:
    inputs: {at: {type: string, required: true}}
    outputs: {control: {value: "\${{ jobs.ask.outputs.ok == 'true' && jobs.ask.outputs.control || 'fault' }}"}}
jobs:${leaf("ask", { ok: true, control: true, if: "true", at: `\${{ inputs.at }}` })}
`,
};

type Outcome = StepReturn | "fails";

function simulate(
  outcomes: { readonly [job: string]: Outcome },
  options: Parameters<typeof simulateScripted>[2] = {},
  onRun?: (job: string) => void,
) {
  const controls: { readonly [job: string]: string } = { gather: '[{"i":0,"k":"a"},{"i":1,"k":"b"}]', score: "1" };
  return simulateScripted(
    files,
    {
      execute: ({ job, step }) => {
        if (step !== "run") return { exitCode: 0 };
        onRun?.(job);
        const outcome = outcomes[job] ?? { exitCode: 0, files: { output: `control=${controls[job] ?? "done"}` } };
        return outcome === "fails" ? { exitCode: 1 } : outcome;
      },
    },
    options,
  );
}

const control = (value: string): StepReturn => ({ exitCode: 0, files: { output: `control=${value}` } });
const ran = (end: Awaited<ReturnType<typeof simulate>>) =>
  end.jobs.filter((job) => job.result !== "skipped").map((job) => job.path);

describe("the shape of compiled workflows", () => {
  it("ends well where everything does", async () => {
    const end = await simulate({});
    expect(ran(end)).toEqual([
      "acquire",
      "gather",
      "train[0]",
      "train[0]/fit",
      "train[1]",
      "train[1]/fit",
      "score",
      "note",
      "tidy",
      "verdict",
    ]);
    expect(end.conclusion).toBe("success");
    expect(end.artifacts).toEqual([
      "demo~acquire~",
      "demo~gather~",
      "demo~fit~0",
      "demo~fit~1",
      "demo~score~",
      "demo~note~",
      "demo~tidy~",
    ]);
  });

  it("goes on where a failure is handled, and the run is not red", async () => {
    const end = await simulate({ acquire: "fails", "train[1]/fit": "fails" });
    expect(jobAt(end, "acquire")).toMatchObject({ result: "success", conclusion: "failure", outputs: { ok: "false" } });
    expect(ran(end)).toContain("repair");
    expect(ran(end)).toContain("train[1]/fix");
    expect(ran(end)).not.toContain("train[0]/fix");
    expect(ran(end)).toContain("score");
    expect(end.conclusion).toBe("success");
  });

  it("handles jobs that are lost as those that fail", async () => {
    const end = await simulate({}, { fail: ["acquire", "train[0]/fit"] });
    expect(ran(end)).toEqual(expect.arrayContaining(["repair", "train[0]/fix", "score"]));
    expect(end.conclusion).toBe("success");
  });

  it("handles the failure of a map by an item whose own handler fails", async () => {
    const end = await simulate({ "train[0]/fit": "fails", "train[0]/fix": "fails" });
    expect(jobAt(end, "train[0]").outputs).toEqual({ bad: "true" });
    expect(ran(end)).toContain("clean");
    expect(ran(end)).not.toContain("score");
    expect(end.conclusion).toBe("success");
  });

  it.each([
    ["[]", ["score"], ["clean", "train"]],
    ["fault", ["clean"], ["score", "train"]],
  ])("runs no leg for the control %s", async (value, some, others) => {
    const end = await simulate({ gather: control(value), ...(value === "fault" && { gather: "fails" as const }) });
    expect(ran(end)).toEqual(expect.arrayContaining(some));
    for (const job of others) expect(ran(end)).not.toContain(job);
    expect(end.conclusion).toBe("success");
  });

  it("repeats a loop while it says again, and a failing iteration is red", async () => {
    const end = await simulate({ score: control("0"), "poll-1/ask": control("again") });
    expect(ran(end)).toEqual(expect.arrayContaining(["poll-1/ask", "poll-2/ask", "tidy"]));
    expect(end.conclusion).toBe("success");
    const failed = await simulate({ score: control("0"), "poll-1/ask": "fails" });
    expect(jobAt(failed, "poll-1").outputs).toEqual({ control: "fault" });
    expect(ran(failed)).not.toContain("tidy");
    expect(failed.conclusion).toBe("failure");
  });

  it("fails where a failure is not handled, after the verdict", async () => {
    const end = await simulate({ acquire: "fails", repair: "fails" });
    expect(ran(end)).toEqual(["acquire", "repair", "verdict"]);
    expect(results(end)).toContain("verdict:success");
    expect(end.conclusion).toBe("failure");
  });

  it("stops when it is cancelled, and tells the verdict so", async () => {
    const stop = new AbortController();
    const verdicts: string[] = [];
    const end = await simulateScripted(
      files,
      {
        execute: async ({ job, command }) => {
          if (job === "gather") stop.abort();
          if (job === "verdict" && command.kind === "script") verdicts.push(command.script);
          return control("[]");
        },
      },
      { signal: stop.signal },
    );
    expect(ran(end)).toEqual(["acquire", "gather", "verdict"]);
    expect(jobAt(end, "gather").result).toBe("cancelled");
    expect(verdicts).toEqual(["verdict true"]);
    expect(end.conclusion).toBe("cancelled");
    // The chunk is uploaded all the same.
    expect(end.artifacts).toEqual(["demo~acquire~", "demo~gather~"]);
  });
});
