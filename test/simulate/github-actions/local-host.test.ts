import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalHostOptions, localHost } from "../../../src/simulate/github-actions/host/local-host.ts";
import {
  type SimulationOptions,
  simulateWorkflow,
} from "../../../src/simulate/github-actions/run/simulate-workflow.ts";
import type { SimulationEvent, WorkflowEnd } from "../../../src/simulate/github-actions/workflow/workflow-end.ts";
import { jobAt, path, results } from "./scripted-host.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "magnus-simulate-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const project = () => join(root, "project");
const artifacts = () => join(root, "artifacts");

/** Lines that steps print, and what became of the run. */
async function run(
  files: { readonly [path: string]: string },
  options: SimulationOptions = {},
  host: Partial<LocalHostOptions> = {},
): Promise<{ readonly end: WorkflowEnd; readonly lines: readonly string[] }> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project(), name)), { recursive: true });
    writeFileSync(join(project(), name), text);
  }
  const lines: string[] = [];
  const onEvent = (event: SimulationEvent): void => {
    host.onEvent?.(event);
    if (event.kind === "line") lines.push(event.text);
  };
  const read = (name: string): string | undefined =>
    existsSync(join(project(), name)) ? readFileSync(join(project(), name), "utf8") : undefined;
  const end = await simulateWorkflow(
    read,
    path,
    localHost({ project: project(), artifacts: artifacts(), ...host, onEvent }),
    options,
  );
  return { end, lines };
}

const job = (steps: string, more = "") => `on: push\njobs:\n  a:\n    runs-on: x\n${more}    steps:\n${steps}`;

describe("scripts", () => {
  it("run with the shells of GitHub: bash -e by default, with pipefail when it is named", async () => {
    const { end, lines } = await run({
      [path]: job(`
      - {id: default, run: "false | true; echo $0 | grep -o sh; echo $-"}
      - {id: named, shell: bash, continue-on-error: true, run: "false | true; echo no"}
      - {id: sh, shell: sh, run: "echo sh"}
      - {id: other, shell: "node {0}", run: "console.log(1 + 1)"}
      - {id: stops, continue-on-error: true, run: "false\\n\\necho no"}
      - {id: bad, shell: bash -x, continue-on-error: true, run: "true"}
`),
    });
    expect(jobAt(end, "a").steps.map((step) => `${step.id}:${step.outcome}`)).toEqual([
      "default:success",
      "named:failure",
      "sh:success",
      "other:success",
      "stops:failure",
      "bad:failure",
    ]);
    expect(lines).not.toContain("no");
    expect(lines.slice(-2)).toEqual(["sh", "2"]);
  });

  it("see an empty workspace, the files of the runner, and nothing of this process's environment", async () => {
    process.env.MAGNUS_TEST_LEAK = "leaked";
    const { end, lines } = await run({
      [path]: job(
        `
      - run: ls -A; pwd; echo "[$MAGNUS_TEST_LEAK] $GITHUB_EVENT_NAME $X $ALSO"
        env: {X: step}
      - run: |
          echo "GIVEN=a b" >> "$GITHUB_ENV"
          mkdir bin
          printf '#!/bin/sh\\necho mine\\n' > bin/my-tool
          chmod +x bin/my-tool
          echo "$PWD/bin" >> "$GITHUB_PATH"
          echo '# sum' >> "$GITHUB_STEP_SUMMARY"
      - run: my-tool; echo "$GIVEN"; cat "$GITHUB_EVENT_PATH" | grep -o '"full_name":"[a-z/]*"'
      - run: pwd
        working-directory: bin
`,
        "    env: {X: job, ALSO: job}\n",
      ),
    });
    delete process.env.MAGNUS_TEST_LEAK;
    expect(end.conclusion).toBe("success");
    const workspace = lines[0] ?? "";
    expect(lines).toEqual([
      workspace,
      "[] push step job",
      "mine",
      "a b",
      '"full_name":"local/project"',
      `${workspace}/bin`,
    ]);
    expect(jobAt(end, "a").summary).toBe("# sum\n");
    expect(existsSync(workspace)).toBe(false);
  });

  it("get a checkout of the project with its hidden files, as copies", async () => {
    const { end, lines } = await run({
      [path]: job(`
      - run: touch before
      - uses: actions/checkout@v7
      - run: cat data.txt; echo changed > data.txt; find . -type f | sort
      - {uses: actions/checkout@v7, with: {path: sub}}
      - {uses: actions/checkout@v7, with: {path: ../out}, continue-on-error: true}
      - {run: "cat sub/data.txt; echo \${{ hashFiles('sub/data.txt') != '' }}"}
`),
      "data.txt": "data\n",
    });
    expect(end.conclusion).toBe("success");
    expect(lines).toEqual(["data", `./${path}`, "./data.txt", "data", "true"]);
    expect(jobAt(end, "a").annotations[0]?.message).toMatch(/^Repository path '.*out' is not under/);
    expect(readFileSync(join(project(), "data.txt"), "utf8")).toBe("data\n");
  });

  it("are ended with their children at a timeout and when the run is cancelled", async () => {
    const stop = new AbortController();
    const grace = { interruptMs: 200, terminateMs: 200 };
    const stubborn = [
      "process.on('SIGINT', () => console.log('interrupted'))",
      "process.on('SIGTERM', () => console.log('terminated'))",
      "setInterval(() => {}, 1000)",
      "console.log('ready')",
    ].join("; ");
    const cancelled = await run(
      {
        [path]: job(
          `      - {id: s, shell: "node {0}", run: "${stubborn}"}\n      - {if: always(), run: echo after}\n`,
        ),
      },
      { signal: stop.signal },
      { grace, onEvent: (event) => event.kind === "line" && event.text === "ready" && stop.abort() },
    );
    expect(results(cancelled.end)).toEqual(["a:cancelled"]);
    expect(cancelled.lines).toEqual(["ready", "interrupted", "terminated", "after"]);
    const late = await run(
      { [path]: job(`      - {id: s, timeout-minutes: 1, run: "sleep 60 & sleep 60"}\n`) },
      { minuteMs: 100 },
      { grace },
    );
    expect(jobAt(late.end, "a").steps[0]?.outcome).toBe("failure");
    expect(jobAt(late.end, "a").annotations[0]?.message).toContain("has timed out after 1 minutes");
  });

  it("may print lines of any length, without an end, and characters in pieces", async () => {
    const { lines } = await run({
      [path]: job(`
      - shell: node {0}
        run: |
          process.stdout.write("x".repeat(3_000_000) + "\\r\\nü");
          process.stdout.write(Buffer.from([0xc3]));
          setTimeout(() => process.stdout.write(Buffer.from([0xbc])), 50);
`),
    });
    expect(lines.map((line) => (line.length > 10 ? line.length : line))).toEqual([3_000_000, "üü"]);
  });

  it("may leave processes for later steps, which are ended with the job", async () => {
    const { end, lines } = await run({
      [path]: job(`
      - run: (while true; do sleep 0.05; done) > /dev/null 2>&1 & echo $!
      - run: echo next
`),
    });
    expect(end.conclusion).toBe("success");
    expect(lines).toHaveLength(2);
    const pid = Number(lines[0]);
    await expect.poll(() => running(pid)).toBe(false);
  });
});

function running(pid: number): boolean {
  try {
    // A zombie that nobody has waited for counts as ended.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

describe("artifacts", () => {
  const upload = (more: string) => `      - {if: always(), uses: actions/upload-artifact@v7, with: {${more}}}\n`;
  const make =
    "      - run: mkdir -p out/sub .h; echo 1 > out/a.txt; echo 2 > out/sub/b.csv; echo 3 > out/.hidden; echo 4 > .h/c\n";
  const stored = (name: string) =>
    readdirSync(join(artifacts(), name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(artifacts(), name).length + 1))
      .sort();

  it("hold what the patterns name, without hidden files, relative to what is common", async () => {
    const { end } = await run({
      [path]: job(
        make +
          "      - run: chmod +x out/a.txt\n" +
          upload("name: folder, path: out") +
          upload("name: hidden, path: out, include-hidden-files: true") +
          upload("name: single, path: out/sub/b.csv") +
          upload('name: glob, path: "out/**/*.csv"') +
          upload('name: many, path: "out/a.txt\\nout/sub\\n!out/sub/*.txt"') +
          upload('name: less, path: "out\\n!out/sub"') +
          upload("name: none, path: .h"),
      ),
    });
    expect(end.artifacts).toEqual(["folder", "hidden", "single", "glob", "many", "less"]);
    expect(stored("folder")).toEqual(["a.txt", "sub/b.csv"]);
    // Zip files lose modes.
    expect(statSync(join(artifacts(), "folder", "a.txt")).mode & 0o111).toBe(0);
    expect(stored("hidden")).toEqual([".hidden", "a.txt", "sub/b.csv"]);
    expect(stored("single")).toEqual(["b.csv"]);
    expect(stored("glob")).toEqual(["sub/b.csv"]);
    expect(stored("many")).toEqual(["a.txt", "sub/b.csv"]);
    expect(stored("less")).toEqual(["a.txt"]);
    expect(jobAt(end, "a").annotations.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warning: No files were found with the provided path: .h. No artifacts will be uploaded.",
    ]);
  });

  it("come down by name into the folder, by pattern into folders of their own or merged", async () => {
    const { end, lines } = await run({
      [path]: `on: push
jobs:
  a:
    strategy: {matrix: {i: [1, 2]}}
    runs-on: x
    steps:
      - {run: "echo $I > f$I.txt", env: {I: "\${{ matrix.i }}"}}
      - {uses: actions/upload-artifact@v7, with: {name: "x~\${{ matrix.i }}", path: "*.txt"}}
  b:
    needs: a
    runs-on: x
    steps:
      - {uses: actions/download-artifact@v8, with: {name: x~1, path: one}}
      - {uses: actions/download-artifact@v8, with: {pattern: "x~{1,2}", path: each}}
      - {uses: actions/download-artifact@v8, with: {pattern: "x~*", path: merged, merge-multiple: true}}
      - {uses: actions/download-artifact@v8, with: {pattern: "{x~1}", path: none}}
      - run: find . -type f | sort
`,
    });
    expect(end.conclusion).toBe("success");
    expect(lines).toEqual([
      "./each/x~1/f1.txt",
      "./each/x~2/f2.txt",
      "./merged/f1.txt",
      "./merged/f2.txt",
      "./one/f1.txt",
    ]);
  });
});

describe("actions of the project", () => {
  const files = {
    "act/action.yml":
      "name: a\ndescription: a\ninputs: {who: {description: w, default: you}}\nruns: {using: node24, main: main.cjs, post: post.cjs}\n",
    "act/main.cjs": `
const { appendFileSync } = require("node:fs");
console.log("hello " + process.env.INPUT_WHO + " in " + process.cwd().split("/").at(-1) + " " + process.env.GITHUB_ACTION_PATH);
appendFileSync(process.env.GITHUB_OUTPUT, "said<<E\\nhello\\nE\\n");
appendFileSync(process.env.GITHUB_STATE, "kept=1\\n");
`,
    "act/post.cjs": `console.log("post " + process.env.STATE_kept + " " + process.env.INPUT_WHO);`,
    "comp/action.yml": `name: c
description: c
outputs: {out: {description: o, value: "\${{ steps.s.outputs.said }}"}}
runs:
  using: composite
  steps:
    - {id: s, uses: ./act, with: {who: inner}}
    - {run: 'cat "$GITHUB_ACTION_PATH/data"', shell: bash}
`,
    "comp/data": "composite data\n",
  };

  it("run on Node, in the workspace, with posts at the end", async () => {
    const { end, lines } = await run({
      ...files,
      [path]: job(`
      - uses: actions/checkout@v7
      - {id: n, uses: ./act}
      - {id: c, uses: ./comp}
      - {run: "echo \${{ steps.n.outputs.said }} \${{ steps.c.outputs.out }}"}
`),
    });
    expect(end.conclusion).toBe("success");
    expect(lines).toEqual([
      "hello you in project undefined",
      expect.stringMatching(/^hello inner in project .*\/comp$/),
      "composite data",
      "hello hello",
      "post 1 inner",
      "post 1 you",
    ]);
  });

  it("fail where their file is missing", async () => {
    const { end } = await run({
      ...files,
      "act/action.yml": "name: a\ndescription: a\nruns: {using: node24, main: other.cjs}\n",
      [path]: job("      - uses: actions/checkout@v7\n      - {id: n, uses: ./act}\n"),
    });
    expect(jobAt(end, "a").annotations[0]?.message).toMatch(/^File not found: '.*other.cjs'$/);
    expect(end.conclusion).toBe("failure");
  });
});
