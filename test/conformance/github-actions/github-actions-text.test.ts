/** Hostile text and secrets in workflows: nothing is interpreted on the way, and no secret is left anywhere. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { runMagnus } from "../../support/programs.ts";
import { workspace } from "../../support/workspace.ts";
import { everythingIn, simulatePipeline } from "./simulated-workflow.ts";

/** Text that some layer between a pipeline and a step might take for its own. */
const hostile = [
  'it\'s "quoted" `and` $(ticked) \\ %0A %25',
  "${{ github.token }} {{ x }} }} {{",
  "::error::e ::set-output name=control::fault",
  "::add-mask::plain",
  "##[error]old",
  "\u001b[31mred\u007f\u0001\t",
  "🫩 🏳️‍🌈 é \u2028 \ufeff",
  "",
].join("\n");

const shell = (command: string, more: object = {}): object => ({
  type: "task",
  command_type: "shell",
  command,
  ...more,
});

describe("text arrives as it was written", () => {
  test("in commands, environment, names, descriptions, parameters, items", async () => {
    const name = 'it\'s "a" ${{ github }} ::error::x 🫩';
    const copy = `export MAGNUS_PRM_typed='${hostile.replaceAll("'", "'\\''")}' MAGNUS_PRM_seen="$MAGNUS_PRM_text" MAGNUS_PRM_variable="$VARIABLE"`;
    const { end, log, annotations } = await simulatePipeline({
      name: 'it\'s ${{ github.token }} *[x]{y,z}~ "q" ::error::x ☃',
      description: hostile,
      parameters: { text: hostile, items: [hostile, "::error::k"] },
      parameter_schema: { text: { description: hostile, type: "string" } },
      dag: {
        start_at: name,
        steps: {
          [name]: { ...shell(copy, { env: { VARIABLE: hostile } }), next: "each" },
          each: {
            type: "map",
            iterate_on: "items",
            iterate_as: "item",
            branch: {
              start_at: "same",
              steps: { same: { ...shell('export MAGNUS_PRM_same="$MAGNUS_PRM_item"'), next: "success" } },
            },
            next: "success",
          },
        },
      },
    });
    expect(annotations).toEqual([]);
    expect(end.conclusion).toBe("success");
    expect(log.created?.pipeline).toContain("it's ${{ github.token }} *[x]{y,z}~");
    expect(log.parameters).toMatchObject({
      typed: hostile,
      seen: hostile,
      variable: hostile,
      same: [hostile, "::error::k"],
    });
  });

  test("as an input of the run", async () => {
    const { log } = await simulatePipeline(
      {
        parameters: { text: "", other: "1" },
        dag: { start_at: "a", steps: { a: { ...shell("true"), next: "success" } } },
      },
      { inputs: { text: hostile, other: "0x10" } },
    );
    expect(log.parameters).toEqual({ text: hostile, other: "0x10" });
  });

  test("commands to the runner in what a step prints are only printed", async () => {
    const lines = [
      "::error title=mine::made up",
      "::warning::made up",
      "::add-mask::visible",
      "::set-output name=control::fault",
      "::save-state name=a::b",
      "::stop-commands::stopped",
      "::group::g",
      "##[error]made up",
    ];
    const { end, annotations, printed } = await simulatePipeline(
      {
        parameters: { items: [1] },
        dag: {
          start_at: "speak",
          steps: {
            speak: { ...shell("cat lines; cat lines >&2; echo visible; printf '%s' '::error::unended'"), next: "each" },
            each: {
              type: "map",
              iterate_on: "items",
              iterate_as: "item",
              branch: { start_at: "in", steps: { in: { ...shell("cat lines; exit 0"), next: "success" } } },
              next: "success",
            },
          },
        },
      },
      { files: { lines: `${lines.join("\n")}\n` } },
    );
    expect(annotations).toEqual([]);
    expect(end.conclusion).toBe("success");
    for (const line of [...lines, "visible", "::error::unended"]) expect(printed).toContain(line);
  });

  test("what a step writes to the runner's files changes nothing", async () => {
    const write = `for file in "$GITHUB_OUTPUT" "$GITHUB_ENV" "$GITHUB_PATH"; do echo "\${file:-none}"; done >seen; export MAGNUS_PRM_seen="$(cat seen)"`;
    const { log } = await simulatePipeline({
      dag: { start_at: "a", steps: { a: { ...shell(write), next: "success" } } },
    });
    expect(log.parameters).toEqual({ seen: "none\nnone\nnone" });
  });
});

describe("secrets", () => {
  const secret = "s3cr3t-Ünïcode-%0A'\"";
  const key = "-----BEGIN KEY-----\nMIIEvgIBADANBgkq\n-----END KEY-----";
  const leak = 'printf "%s\\n" "$TOKEN" "$KEY"; printf "%s\\n" "$TOKEN" "$KEY" >&2';

  test("are nowhere: not in files, artifacts, run log, summary, annotations, nor in what is printed", async () => {
    const run = await simulatePipeline(
      {
        dag: {
          start_at: "leak",
          steps: {
            leak: { ...shell(`${leak}; exit 3`, { secrets: ["TOKEN", "KEY"] }), on_failure: "handle", next: "success" },
            handle: {
              ...shell("printenv >all || true; ! grep -q -e s3cr3t -e MIIEv all", { catalog: { put: ["all"] } }),
              next: "leak again",
            },
            "leak again": { ...shell(`${leak}; exit 3`, { secrets: ["TOKEN", "KEY"] }), next: "success" },
          },
        },
      },
      { secrets: { TOKEN: secret, KEY: key } },
    );
    expect(run.end.conclusion).toBe("failure");
    expect(run.log.steps.map(({ status }) => status)).toEqual(["failed", "success", "failed"]);
    const everywhere = [
      everythingIn(run.folder),
      everythingIn(run.artifacts),
      run.printed,
      run.summary,
      JSON.stringify(run.annotations),
      JSON.stringify(run.log),
    ].join("\n");
    for (const part of [secret, Buffer.from(secret).toString("latin1"), ...key.split("\n")])
      expect(everywhere).not.toContain(part);
    expect(run.printed).toContain("***");
    expect(run.annotations.find(({ job }) => job === "leak")?.message).toContain("***");
  });

  test("an output that GitHub would drop, as it contains one, fails the step and says so", async () => {
    const run = await simulatePipeline(
      {
        parameters: { cities: ["oslo", "rome"] },
        dag: {
          start_at: "begin",
          steps: {
            begin: { ...shell("true", { secrets: ["CITY"] }), next: "each" },
            each: {
              type: "map",
              iterate_on: "cities",
              iterate_as: "city",
              branch: { start_at: "in", steps: { in: { ...shell("true"), next: "success" } } },
              next: "success",
            },
          },
        },
      },
      { secrets: { CITY: "oslo" } },
    );
    expect(run.end.conclusion).toBe("failure");
    const said = run.annotations.filter(({ job }) => job === "begin").map(({ message }) => message);
    expect(said).toContainEqual(expect.stringContaining("the value contains a secret"));
    expect(JSON.stringify(said)).not.toContain("oslo");
  });
});

test("the same bytes wherever and whenever it is compiled", async () => {
  const pipeline =
    "dag:\n  steps:\n    - {name: ä, type: stub}\n    - {name: I, type: stub}\n    - {name: i, type: stub}\n";
  const compiled = async (env: { readonly [name: string]: string }) => {
    const cwd = workspace({ "p.yaml": pipeline });
    expect((await runMagnus(["compile", "p.yaml", "-t", "github-actions", "-q"], { cwd, env })).code).toBe(0);
    const folders = [".github/workflows", ".github/magnus"].map((folder) => path.join(cwd, folder));
    return folders.flatMap((folder) =>
      readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
    );
  };
  const here = await compiled({ TZ: "UTC" });
  expect(await compiled({ TZ: "Asia/Kathmandu", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" })).toEqual(here);
});
