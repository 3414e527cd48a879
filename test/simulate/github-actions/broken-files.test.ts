import fc from "fast-check";
import { expect, it } from "vitest";
import { path, simulateScripted } from "./scripted-host.ts";

const called = ".github/workflows/called.yml";

const files = {
  [path]: `name: w
on:
  workflow_dispatch:
    inputs:
      n: {type: number, default: 3}
      c: {type: choice, options: [p, q]}
  schedule: [{cron: "0 1 * * *"}]
permissions: {}
env: {A: "1"}
defaults: {run: {shell: bash}}
jobs:
  plan:
    runs-on: x
    timeout-minutes: 5
    outputs: {list: "\${{ steps.s.outputs.list }}"}
    steps:
      - id: s
        name: say \${{ inputs.n }}
        run: echo
        env: {B: "\${{ env.A }}"}
        continue-on-error: \${{ true }}
      - uses: ./act
        with: {who: me}
  each:
    needs: [plan]
    if: \${{ !cancelled() && needs.plan.result == 'success' }}
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix:
        item: \${{ fromJSON(needs.plan.outputs.list) }}
        include: [{item: 1, more: x}]
    uses: ./${called}
    with: {at: "\${{ matrix.item }}"}
    secrets: inherit
`,
  [called]: `on:
  workflow_call:
    inputs: {at: {type: string, required: true}}
    outputs: {bad: {value: "\${{ jobs.fit.outputs.ok != 'true' && 'true' || '' }}"}}
jobs:
  fit:
    runs-on: x
    continue-on-error: true
    outputs: {ok: "\${{ steps.s.outcome == 'success' }}"}
    steps: [{id: s, run: "echo \${{ inputs.at }}"}, {if: always(), uses: actions/upload-artifact@v7, with: {name: "n\${{ inputs.at }}", path: p}}]
`,
  "act/action.yml": `name: a
description: a
inputs: {who: {description: w, default: "\${{ github.job }}"}}
outputs: {o: {description: o, value: "\${{ steps.t.outputs.v }}"}}
runs:
  using: composite
  steps: [{id: t, run: echo, shell: sh, if: "success()"}]
`,
};

it("ends with problems or failed jobs, and never with a defect, whatever is cut out of a file or put into it", async () => {
  const names = Object.keys(files);
  const pieces = [
    "",
    "${{ ",
    " }}",
    "[]",
    "{}",
    "null",
    "-",
    ": ",
    "&a ",
    "*a",
    "\n",
    "fromJSON('')",
    "matrix",
    '"',
    "1e999",
    "constructor",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), fc.constantFrom(...pieces)), {
        minLength: 1,
        maxLength: 3,
      }),
      async (name, cuts) => {
        let text = new Map(Object.entries(files)).get(name) ?? "";
        for (const [share, length, piece] of cuts) {
          const at = Math.floor(share * text.length);
          text = text.slice(0, at) + piece + text.slice(at + length);
        }
        const end = await simulateScripted(
          { ...files, [name]: text },
          { execute: () => ({ exitCode: 0, files: { output: "list=[1,2]\nv=1" } }) },
        );
        expect(end.problems.length > 0).toBe(end.conclusion === "refused" || end.conclusion === "startup_failure");
      },
    ),
    { numRuns: 300 },
  );
});
