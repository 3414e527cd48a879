import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { magnus, plainEnvironment, run, runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `name: demo
parameters: {cities: [oslo, rome], lr: 0.1}
parameter_schema: {lr: {type: number, exclusiveMinimum: 0}}
dag:
  steps:
    - {name: prepare, type: task, command_type: shell, command: "echo preparing"}
    - name: each
      type: map
      iterate_on: cities
      iterate_as: city
      branch: {steps: [{name: greet, type: task, command_type: shell, command: 'echo "hello $city"'}]}
`;
const failing = `dag:
  steps:
    - {name: breaks, type: task, command_type: shell, command: "echo the reason >&2; exit 3"}
`;

describe("help", () => {
  test("fits a screen", async () => {
    const { code, stdout, stderr } = await runMagnus(["--help"], { cwd: workspace() });
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  test.for([
    ["run"],
    ["compile"],
    ["check"],
    ["runs"],
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "log"],
    ["runs", "export"],
    ["init"],
    ["targets"],
    ["shim"],
    ["shim", "image"],
  ])("of %s has an example and fits a screen", async (command) => {
    const { code, stdout } = await runMagnus([...command, "--help"], { cwd: workspace() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Example:\n {2}magnus /m);
    expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(24);
  });

  test.for([
    [["rnu"], "Did you mean run?"],
    [["run", "pipeline.yaml", "--jbos", "2"], "Did you mean --jobs?"],
    [["run"], "hint: name the pipeline's file: `magnus run pipeline.yaml`"],
    [["check"], "hint: name the pipeline's file: `magnus check pipeline.yaml`"],
    [["run", "pipeline.yaml", "--param", "lr", "2"], "hint: write --param lr=2"],
    [["run", "pipeline.yaml", "lr=2"], "hint: write --param lr=2"],
    [["run", "pipeline.yaml", "other.yaml"], "hint: one pipeline at a time"],
    [["run", "pipeline.yaml", "--learning-rate", "0.2"], "hint: a parameter is given as --param learning_rate=0.2"],
    [["compile", "pipeline.yaml", "-t", "shell", "--lr=0.2"], "hint: a parameter is given as --param lr=0.2"],
    [["pipeline.yaml"], "hint: write `magnus run pipeline.yaml`"],
    [["list"], "hint: use `magnus runs list`"],
    [["show", "latest"], "hint: use `magnus runs show latest`"],
    [["logs"], "hint: use `magnus runs log latest STEP`"],
    [["validate", "pipeline.yaml"], "hint: use `magnus check`"],
    [["compile", "pipeline.yaml"], "hint: `magnus targets` lists the targets"],
    [["run", "piepline.yaml"], 'hint: did you mean "pipeline.yaml"?'],
    [["run", "."], "hint: name a file in it"],
    [["run", "pipeline.yaml", "--jobs", "none"], "whole number"],
    [["check", "pipeline.yaml", "--format", "xml"], "Allowed choices"],
  ] as const)("%s: exit 2 with a word of help", async ([args, message]) => {
    const { code, stdout, stderr } = await runMagnus(args, { cwd: workspace({ "pipeline.yaml": pipeline }) });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});

test("help of a command is asked for in either way", async () => {
  const cwd = workspace();
  const [asked, told] = await Promise.all([
    runMagnus(["help", "runs", "log"], { cwd }),
    runMagnus(["runs", "log", "--help"], { cwd }),
  ]);
  expect(asked.code).toBe(0);
  expect(asked.stdout).toContain("Usage: magnus runs log RUN STEP");
  expect(told.stdout.startsWith(asked.stdout)).toBe(true);
  expect((await runMagnus(["help", "nothing"], { cwd })).code).toBe(2);
});

test("no runs is said, but not in the result", async () => {
  const cwd = workspace();
  const list = await runMagnus(["runs", "list"], { cwd });
  expect(list).toMatchObject({ code: 0, stdout: "" });
  expect(list.stderr).toBe("no runs in file-system (.magnus/runs); start one with `magnus run PIPELINE`\n");
  expect(await runMagnus(["runs", "list", "--json"], { cwd })).toMatchObject({ stdout: '{"runs":[]}\n', stderr: "" });
});

describe("run", () => {
  test("shows transitions and output on stderr, nothing on stdout", async () => {
    const { code, stdout, stderr } = await runMagnus(["run", "pipeline.yaml", "--run-id", "r"], {
      cwd: workspace({ "pipeline.yaml": pipeline }),
    });
    expect([code, stdout]).toEqual([0, ""]);
    for (const line of ["run r  demo", "prepare | preparing", "each.oslo.greet | hello oslo"])
      expect(stderr).toContain(line);
    expect(stderr).not.toContain("\u001b");
  });

  test("is also execute -f, as in magnus-core", async () => {
    const { code } = await runMagnus(["execute", "-f", "pipeline.yaml", "-q"], {
      cwd: workspace({ "pipeline.yaml": pipeline }),
    });
    expect(code).toBe(0);
  });

  test("says where it failed, with the end of that step's log and the command that shows more", async () => {
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml", "--run-id", "r"], {
      cwd: workspace({ "pipeline.yaml": failing }),
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/failed at breaks: exit code 3\n {2}\| the reason\n {2}more: magnus runs log r breaks\n$/);
  });

  test("--json: an event a line, then the outcome", async () => {
    const { code, stdout } = await runMagnus(["run", "pipeline.yaml", "--json", "--param", "lr=0.50"], {
      cwd: workspace({ "pipeline.yaml": pipeline }),
    });
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.slice(0, -1).map((line) => JSON.parse(line).v)).toEqual(lines.slice(0, -1).map(() => 1));
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ status: "success" });
    // Numbers keep their text.
    expect(lines.at(-1)).toContain('"lr":0.50');
  });

  test("--json: a control that cannot be computed is told with its reason, of a loop too", async () => {
    const step = "{name: s, type: task, command_type: shell, command: stop=yes, returns: [stop]}";
    const loop = `{name: l, type: loop, break_on: stop, max_iterations: 3, branch: {steps: [${step}]}}`;
    const cwd = workspace({ "p.yaml": `dag: {steps: [${loop}]}\n` });
    const { stdout } = await runMagnus(["run", "p.yaml", "--json", "-q"], { cwd });
    const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(last.failure).toEqual({ step: "l", message: '`stop` is a string ("yes"), not a boolean' });
  });

  test("--json: the outcome of a failure names the step and the reason", async () => {
    const { stdout } = await runMagnus(["run", "pipeline.yaml", "--json"], {
      cwd: workspace({ "pipeline.yaml": failing }),
    });
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      status: "failed",
      failure: { step: "breaks", message: "exit code 3" },
    });
  });

  test("a step that was killed may have been out of memory", async () => {
    const step = "{name: greedy, type: task, command_type: shell, command: kill -9 $$}";
    const cwd = workspace({ "pipeline.yaml": `dag: {steps: [${step}]}\n` });
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml", "-q"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain("failed at greedy: killed by SIGKILL (out of memory?)");
  });

  test("--format json: stderr keeps silent", async () => {
    const { code, stdout, stderr } = await runMagnus(["run", "pipeline.yaml", "--format", "json"], {
      cwd: workspace({ "pipeline.yaml": failing }),
    });
    expect([code, stderr]).toEqual([1, ""]);
    expect(JSON.parse(stdout)).toEqual({ diagnostics: [] });
  });

  test.for([
    [["--param", "lr=-1"], "parameter-breaks-schema"],
    [["--param", "lr"], "bad-parameter-flag"],
    [["--run-id", "../x"], "bad-run-id"],
    [["-p", "missing.yaml"], "no-such-file"],
    [["--set", "executor.typ=local"], "unknown-configuration-key"],
    [["--set", "run_log_store.log_folder=pipeline.yaml"], "service-unusable"],
  ] as const)("%s: exit 2, and no run is created", async ([args, diagnostic]) => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const { code, stdout, stderr } = await runMagnus(["run", "pipeline.yaml", ...args], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`error[${diagnostic}]`);
    expect(existsSync(path.join(cwd, ".magnus"))).toBe(false);
  });

  test("refuses a run id that exists", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    await runMagnus(["run", "pipeline.yaml", "--run-id", "r", "-q"], { cwd });
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml", "--run-id", "r"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("error[run-exists]");
  });

  test("an override that the configuration does not have is an error", async () => {
    const cwd = workspace({
      "pipeline.yaml": pipeline.replace("type: map", "type: map\n      overrides: {local: serial}"),
    });
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("error[unknown-override] pipeline.yaml:9:18");
    writeFileSync(
      path.join(cwd, "magnus-config.yaml"),
      "executor: {type: local, config: {overrides: {serial: {enable_parallel: false}}}}\n",
    );
    expect((await runMagnus(["run", "pipeline.yaml"], { cwd })).code).toBe(0);
  });

  test("numbers and hostile text from file, environment and flag arrive as they are", async () => {
    const cwd = workspace({
      "pipeline.yaml": `parameters: {a: 0, b: 0, c: 0, text: ""}
dag:
  steps:
    - name: look
      type: task
      command_type: shell
      command: 'printf "%s|%s|%s|%s" "$MAGNUS_PRM_a" "$MAGNUS_PRM_b" "$MAGNUS_PRM_c" "$text" >seen'
`,
      "parameters.yaml": "a: 1.0\nb: 2\n",
    });
    const text = `it's "q" $(x) \`y\` {{z}} \${{ w }}\nline`;
    const args = [
      "run",
      "pipeline.yaml",
      "-q",
      "-p",
      "parameters.yaml",
      "--param",
      "c=12345678901234567890",
      "--param",
      `text=${text}`,
    ];
    expect((await runMagnus(args, { cwd, env: { MAGNUS_PRM_b: "2.50" } })).code).toBe(0);
    expect(readFileSync(path.join(cwd, "seen"), "utf8")).toBe(`1.0|2.50|12345678901234567890|${text}`);
  });
});

describe("runs", () => {
  test("show by prefix, latest and folder; log; list; export", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    await runMagnus(["run", "pipeline.yaml", "-q", "--run-id", "abc-1", "--tag", "first"], { cwd });
    const magnus = async (...args: string[]) => (await runMagnus(["runs", ...args], { cwd })).stdout;
    const shown = await magnus("show", "abc-1");
    expect(shown).toMatch(/^run abc-1 {2}demo {2}success/);
    for (const name of ["abc", "latest", ".magnus/runs/abc-1"]) expect(await magnus("show", name)).toBe(shown);
    expect(await magnus("log", "abc", "each.rome.greet")).toBe("hello rome\n");
    expect(await magnus("log", "abc", "each.greet")).toBe(
      "== each.oslo.greet\nhello oslo\n== each.rome.greet\nhello rome\n",
    );
    expect(await magnus("log", "abc", "each.#0.greet")).toBe("hello oslo\n");
    expect(JSON.parse(await magnus("list", "--json"))).toMatchObject({
      runs: [{ run: "abc-1", status: "success", tag: "first" }],
    });
    expect(JSON.parse(await magnus("show", "abc", "--json"))).toMatchObject({ run: "abc-1", status: "success" });
    const exported = JSON.parse(await magnus("export", "abc", "--format", "magnus-json"));
    expect(exported).toMatchObject({ run_id: "abc-1", status: "SUCCESS", tag: "first" });
    expect(Object.keys(exported.steps)).toEqual(["prepare", "each", "success"]);
    expect(Object.keys(exported.steps.each.branches)).toEqual(["each.oslo", "each.rome"]);
    expect(exported.steps.each.branches["each.rome"].steps["each.rome.greet"]).toMatchObject({ status: "SUCCESS" });
  });

  test.for([
    [["show", "x"], "no-such-run"],
    [["show", "ab"], "ambiguous-run"],
    [["log", "abc", "nothing"], "no-such-step"],
    [["log", "abd", "quiet", "--attempt", "2"], "no-log"],
  ] as const)("%s: exit 2", async ([args, diagnostic]) => {
    const cwd = workspace({ "pipeline.yaml": pipeline, "quiet.yaml": "dag: {steps: [{name: quiet, type: stub}]}\n" });
    await runMagnus(["run", "pipeline.yaml", "-q", "--run-id", "abc"], { cwd });
    await runMagnus(["run", "quiet.yaml", "-q", "--run-id", "abd"], { cwd });
    const { code, stdout, stderr } = await runMagnus(["runs", ...args], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`error[${diagnostic}]`);
  });
});

test("the log of an item goes by its text, and where several have it, by its number", async () => {
  const text = `
parameters: {cities: [東京, "zürich", 1, "1", "a.b"]}
dag:
  steps:
    - name: each
      type: map
      iterate_on: cities
      iterate_as: city
      branch: {steps: [{name: go, type: task, command_type: shell, command: 'echo "$city as $MAGNUS_STEP"'}]}
`;
  const cwd = workspace({ "pipeline.yaml": text });
  await runMagnus(["run", "pipeline.yaml", "-q", "--run-id", "r"], { cwd });
  const log = async (step: string) => (await runMagnus(["runs", "log", "r", step], { cwd })).stdout;
  expect(await log("each.東京.go")).toBe("東京 as each.#0.go\n");
  expect(await log("each.#0.go")).toBe("東京 as each.#0.go\n");
  expect(await log("each.zürich.go")).toBe("zürich as each.#1.go\n");
  expect(await log("each.a.b.go")).toBe("a.b as each.a.b.go\n");
  expect(await log("each.1.go")).toBe("== each.#2.go\n1 as each.1.go\n== each.#3.go\n1 as each.1.go\n");
  expect(await log("each.#3.go")).toBe("1 as each.1.go\n");
  expect((await runMagnus(["runs", "show", "r"], { cwd })).stdout).toContain("· #0");
});

test("the log of a step that printed nothing is empty, also where the number of an earlier attempt printed something", async () => {
  const command = 'if [ "$MAGNUS_ATTEMPT" = 1 ]; then echo once; exit 1; fi';
  const step = JSON.stringify({ name: "quiet", type: "task", command_type: "shell", command, max_attempts: 2 });
  const cwd = workspace({ "pipeline.yaml": `dag: {steps: [${step}]}\n` });
  await runMagnus(["run", "pipeline.yaml", "-q", "--run-id", "r"], { cwd });
  expect(await runMagnus(["runs", "log", "r", "quiet"], { cwd })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  const first = await runMagnus(["runs", "log", "r", "quiet", "--attempt", "1"], { cwd });
  expect(first).toMatchObject({ code: 0, stdout: "once\n" });
});

describe("bad files", () => {
  test.for([
    ["missing", undefined],
    ["empty", ""],
    ["binary", "\u0000\u0001\u0002"],
    ["a tab", "dag:\n\tsteps: []\n"],
    ["a million brackets", "[".repeat(1_000_000)],
    ["a list", "- a\n"],
  ] as const)("%s: exit 2 with diagnostics", async ([, content]) => {
    const cwd = workspace(content === undefined ? {} : { "pipeline.yaml": content });
    const { code, stdout } = await runMagnus(["check", "pipeline.yaml", "--format", "json"], { cwd });
    expect(code).toBe(2);
    const { diagnostics } = JSON.parse(stdout);
    expect(diagnostics.length).toBeGreaterThan(0);
    for (const { code: name, message } of diagnostics) expect(`${name} ${message}`).not.toMatch(/undefined|\[object/);
  });

  test("a folder", async () => {
    const cwd = workspace();
    mkdirSync(path.join(cwd, "pipeline.yaml"));
    const { code, stderr } = await runMagnus(["check", "pipeline.yaml"], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("folder")]);
  });

  test("a byte order mark and CRLF are no mistakes", async () => {
    const cwd = workspace({ "pipeline.yaml": `\ufeff${pipeline.replaceAll("\n", "\r\n")}` });
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml"], { cwd });
    expect(code, stderr).toBe(0);
  });
});

describe("standard output", () => {
  test("a reader that goes away ends nothing badly", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const command = `"$0" "$1" run pipeline.yaml --run-id r --json -q | head -n 1; "$0" "$1" runs show r | true`;
    const { code, stdout, stderr } = await run("sh", ["-c", command, process.execPath, magnus], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).kind).toBe("run.created");
    expect((await runMagnus(["runs", "list", "--json"], { cwd })).stdout).toContain('"status":"success"');
  });

  const full = existsSync("/dev/full");
  test.skipIf(!full)(`a full disk is told${full ? "" : " (there is no /dev/full)"}`, async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const command = `"$0" "$1" compile pipeline.yaml -t shell -o - >/dev/full`;
    const { code, stderr } = await run("sh", ["-c", command, process.execPath, magnus], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining("cannot be printed")]);
  });

  test("NO_COLOR and a pipe: no colour", async () => {
    const cwd = workspace({ "pipeline.yaml": failing.replace("shell", "shel") });
    const { stderr } = await runMagnus(["check", "pipeline.yaml"], { cwd });
    expect(stderr).not.toContain("\u001b");
  });
});

describe("places that cannot be written", () => {
  // Nothing is forbidden to root.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

  const readable = spawnSync(process.execPath, [magnus, "--version"], nobody).status === 0;

  test.skipIf(!readable).for([
    ["run", "pipeline.yaml"],
    ["compile", "pipeline.yaml", "-t", "shell"],
    ["init", "sub"],
  ])(`a folder without permission${readable ? "" : " (another user cannot read this repository)"}: %s`, (args) => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    chmodSync(cwd, 0o555);
    const options = { cwd, env: plainEnvironment(), encoding: "utf8", ...nobody } as const;
    const { status, stderr } = spawnSync(process.execPath, [magnus, ...args], options);
    expect([status, stderr], stderr).toEqual([2, expect.stringMatching(/cannot write .*permission denied/)]);
    chmodSync(cwd, 0o755);
  });

  const proc = existsSync("/proc/self");
  test.skipIf(!proc)(`a folder in which none can be made${proc ? "" : " (there is no /proc)"}`, async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline });
    const elsewhere = ["run", "pipeline.yaml", "--set", "run_log_store.log_folder=/proc/magnus/runs"];
    for (const args of [elsewhere, ["compile", "pipeline.yaml", "-t", "shell", "-o", "/proc/magnus/out"]]) {
      expect((await runMagnus(args, { cwd })).code).toBe(2);
    }
  });

  test("a run log that is a file", async () => {
    const cwd = workspace({ "pipeline.yaml": pipeline, file: "" });
    const { code, stderr } = await runMagnus(["runs", "list", "--set", "run_log_store.log_folder=file"], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("it is a file, not a folder")]);
  });
});

describe("--format", () => {
  const warned = `dag:
  steps:
    - {name: c, type: conditional, parameter: flag, branches: {"True": {steps: [{name: a, type: stub}]}}}
`;

  test.for([
    ["check", "pipeline.yaml"],
    ["compile", "pipeline.yaml", "-t", "shell"],
    ["run", "pipeline.yaml", "--param", "flag=true"],
  ])("json: %s %s gives its warnings on stdout, where nothing else stands", async (args) => {
    const cwd = workspace({ "pipeline.yaml": warned });
    const { code, stdout, stderr } = await runMagnus([...args, "--format", "json"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ diagnostics: [{ code: "python-boolean-branch", line: 3 }] });
  });

  test("github: workflow commands; beside a result they go to stderr", async () => {
    const cwd = workspace({ "pipeline.yaml": warned });
    const check = await runMagnus(["check", "pipeline.yaml", "--format", "github"], { cwd });
    expect(check.stdout).toMatch(/^::warning file=pipeline\.yaml,line=3,/);
    const args = ["compile", "pipeline.yaml", "-t", "shell", "-o", "-", "--format", "github"];
    const compiled = await runMagnus(args, { cwd });
    expect(compiled.stdout).toMatch(/^#!\/bin\/sh/);
    expect(compiled.stderr).toBe(check.stdout);
  });

  test("runs and init know it, too", async () => {
    const cwd = workspace({ file: "" });
    for (const args of [
      ["runs", "show", "x"],
      ["init", "file"],
    ]) {
      const { code, stdout, stderr } = await runMagnus([...args, "--format", "json"], { cwd });
      expect([code, stderr]).toEqual([2, ""]);
      expect(JSON.parse(stdout).diagnostics.length).toBe(1);
    }
  });
});

test("--verbose adds commands, files and parameters", async () => {
  const cwd = workspace({
    "pipeline.yaml": `dag:
  steps:
    - {name: a, type: task, command_type: shell, command: "echo 1 >f; export MAGNUS_PRM_n=2", catalog: {put: [f]}}
`,
  });
  const { stderr } = await runMagnus(["run", "pipeline.yaml", "-v"], { cwd });
  for (const line of ["a  $ echo 1 >f; export MAGNUS_PRM_n=2", "a  put f", "a  set n=2"])
    expect(stderr).toContain(line);
});

test("a run that no step failed says what did", async () => {
  const cwd = workspace({
    "pipeline.yaml": pipeline.replace("[oslo, rome]", "7"),
    "ends.yaml": "dag: {steps: [{name: s, type: stub, next: fail, on_failure: success}]}\n",
  });
  const notAList = await runMagnus(["run", "pipeline.yaml", "-q"], { cwd });
  expect([notAList.code, notAList.stderr]).toEqual([1, expect.stringMatching(/^failed at each: .*cities/)]);
  const ends = await runMagnus(["run", "ends.yaml", "-q"], { cwd });
  expect([ends.code, ends.stderr]).toEqual([1, 'failed: "s" goes on to "fail", which ends it in failure\n']);
});
