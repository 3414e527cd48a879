/** Expressions within texts: what YAML makes of the text stands around them, however it is written. */
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { StepCall } from "../../../src/simulate/github-actions/host/simulation-host.ts";
import { readWorkflow } from "../../../src/simulate/github-actions/workflow/read-workflow.ts";
import { jobOf } from "./one-job.ts";
import { path } from "./scripted-host.ts";

const event = "${{ github.event_name }}";
const texts = [
  `echo 'x ${event}'`,
  `'${event}' and '${event}'`,
  `it's ${event}, isn't it? '' ''' ''''`,
  `"${event}" "x"`,
  `a\n  b '${event}'\n\tc\n`,
  `  indented ${event}\n`,
  `\n\nlate ${event}\n\n`,
  `{${event}} {{ ${event} }} {0} }} {{`,
  `back\\slash \\n \\' ${event}`,
  `${event}`,
  `${event}\n`,
  `\${{ 'it''s ''quoted''' }} ${event}`,
  `cat <<'END'\nfirst '${event}' "line"\n  second\nEND\n`,
  `# ${event}: - [a] {b} & * ! | > % @ \``,
  `one ${event} ${"long words ".repeat(30)}${event}`,
];

/** The same text as YAML may have it. */
const styles = [
  ["plain where it can be", {}],
  ["in double quotes", { defaultStringType: "QUOTE_DOUBLE", doubleQuotedMinMultiLineLength: 20 }],
  ["in single quotes", { defaultStringType: "QUOTE_SINGLE" }],
  ["as a block", { defaultStringType: "BLOCK_LITERAL" }],
  ["folded", { defaultStringType: "BLOCK_FOLDED", lineWidth: 40 }],
] as const;

describe.each(styles)("a text %s", (_, style) => {
  it.each(texts)("%j", async (text) => {
    const steps = stringify([{ run: text, env: { TEXT: text } }], style).replace(/^(?=.)/gm, "      ");
    expect(parse(steps)[0].run).toBe(text);
    let call: StepCall | undefined;
    await jobOf(steps, { __run: (given) => ((call = given), { exitCode: 0 }) });
    const expected = text.replace("${{ 'it''s ''quoted''' }}", "it's 'quoted'").replaceAll(event, "push");
    expect(call?.command).toMatchObject({ kind: "script", script: expected });
    expect(call?.env.TEXT).toBe(expected);
  });
});

describe("aliases", () => {
  const workflow = (steps: string): string =>
    `on: push\njobs:\n  a:\n    runs-on: x\n    env: &e {A: b}\n    steps:\n${steps}`;

  it("are written out", async () => {
    const { workflow: read, problems } = await readWorkflow(path, workflow("      - {run: x, env: *e}\n"));
    expect(problems).toEqual([]);
    expect(read?.jobs[0]?.work).toMatchObject({ kind: "steps", steps: [{ env: expect.anything() }] });
  });

  it("cannot make a small file large", async () => {
    const steps = "      - {run: x, env: *e}\n".repeat(10);
    expect((await readWorkflow(path, workflow(steps), 100)).problems).toEqual([]);
    expect((await readWorkflow(path, workflow(steps), 50)).problems).toEqual([
      { file: path, message: "The file has too many values once its aliases are written out" },
    ]);
  });
});
