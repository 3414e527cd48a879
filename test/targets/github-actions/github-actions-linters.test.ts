/**
 * Linters of workflows, where they are installed: actionlint (with shellcheck, where that is) and zizmor find nothing in
 * what is compiled. Found on the PATH or in the folders of MAGNUS_TEST_TOOLS.
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../support/programs.ts";
import { workspace } from "../../support/workspace.ts";
import { compileForGithub } from "./compile-github-actions.ts";
import { compiledCorpus } from "./github-actions-corpus.ts";

const folders = [...(process.env.MAGNUS_TEST_TOOLS ?? "").split(":"), ...(process.env.PATH ?? "").split(":")];

function found(program: string): string | undefined {
  return folders
    .map((folder) => path.join(folder, program))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

const allOptions = {
  text: `parameters: {xs: [1], deep: true, n: 1.5, kind: a}
parameter_schema: {kind: {enum: [a, b]}}
dag:
  steps:
    - {name: a, type: task, command: m.f, secrets: [TOKEN], catalog: {put: [x]}, timeout: 90s, returns: [ys]}
    - {name: b, type: map, iterate_on: xs, iterate_as: x, branch: {steps: [{name: c, type: task, command: m.f, secrets: [KEY], catalog: {get: [x]}}, {name: d, type: stub}]}}
`,
  options: {
    environment: "production",
    // Without an image: that one has no digest is for its author to know.
    permissions: { "id-token": "write", packages: "read" },
    env: { REGION: "${{ vars.REGION }}", LICENCE: "${{ secrets.LICENCE }}" },
    setup: { python: "3.12", node: "22", install: "pip install .\npip check" },
    schedule: [{ cron: "0 6 * * 1", timezone: "Europe/Berlin" }, "0 7 * * *"],
    concurrency: "replace",
    secrets: { TOKEN: "MODELS_TOKEN" },
    many_items: ["b"],
  },
};

/** Everything in the workflows of one repository: a folder of its own for each would start a process for each. */
function repository(): { readonly folder: string; readonly workflows: number } {
  const folder = workspace({ ".git/HEAD": "ref: refs/heads/main\n" });
  let workflows = 0;
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  const every = [...compiledCorpus(), { name: "options", ...compileForGithub(allOptions.text, allOptions) }];
  for (const { name, files } of every) {
    const prefix = name.replaceAll(" ", "-");
    for (const [file, text] of files) {
      const local = file.replace("workflows/p", `workflows/${prefix}-p`);
      write(local, text.replaceAll("./.github/workflows/p", `./.github/workflows/${prefix}-p`));
      if (file.includes("/workflows/")) workflows++;
    }
  }
  return { folder, workflows };
}

describe("no findings", () => {
  test("actionlint", async ({ skip }) => {
    const program = found("actionlint");
    if (program === undefined) skip("actionlint is not installed");
    const { folder, workflows } = repository();
    const { stdout, stderr, code } = await run(program ?? "", ["-no-color", "-verbose"], { cwd: folder });
    expect(stdout).toBe("");
    expect(code).toBe(0);
    expect(stderr).toContain(`${workflows} files`);
  });

  test("zizmor, as pedantic as it can be", async ({ skip }) => {
    const program = found("zizmor");
    if (program === undefined) skip("zizmor is not installed");
    const { folder } = repository();
    const { stdout, code } = await run(
      program ?? "",
      ["--offline", "--persona=pedantic", "--no-progress", "--color=never", "."],
      {
        cwd: folder,
      },
    );
    expect(stdout).toMatch(/^No findings to report/);
    expect(code).toBe(0);
  });
});
