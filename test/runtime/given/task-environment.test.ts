import { describe, expect, it } from "vitest";
import { NumberText, parseJson } from "../../../src/protocol/json.ts";
import type { Path } from "../../../src/protocol/path.ts";
import { cleanEnvironment, leftOut, taskEnvironment } from "../../../src/runtime/given/task-environment.ts";
import { dataOf, leafPath, runShell } from "../attempt/step-harness.ts";

const input = {
  run: { id: "run-1", tag: "nightly" },
  path: leafPath,
  attempt: 2,
  visible: {},
  items: {},
  parametersFile: "/tmp/p.json",
  outputFile: "/tmp/o.ndjson",
  cwd: "/work",
  secrets: new Map<string, string>(),
  env: {},
};

describe("taskEnvironment", () => {
  it("tells the run, the step and the attempt", () => {
    const ends = { ok: { to: "x" }, failed: { to: "y" } } as const;
    const path: Path = [
      { node: "train", kind: "parallel", branch: "XGBoost", ...ends },
      { node: "each", kind: "map", index: 3, key: "oslo", ...ends },
      { node: "fit", ...ends },
    ];
    const env = taskEnvironment({ ...input, path, items: { city: "oslo", fold: { n: 1 } } });
    expect(env).toMatchObject({
      MAGNUS_RUN_ID: "run-1",
      MAGNUS_RUN_TAG: "nightly",
      MAGNUS_STEP: "train.XGBoost.each.oslo.fit",
      MAGNUS_ATTEMPT: "2",
      MAGNUS_MAP_VARIABLE: '{"city": "oslo", "fold": {"n": 1}}',
      MAGNUS_PARAMETERS_FILE: "/tmp/p.json",
      MAGNUS_OUTPUT_FILE: "/tmp/o.ndjson",
      PWD: "/work",
    });
    expect(taskEnvironment(input).MAGNUS_MAP_VARIABLE).toBe("{}");
  });

  it("prints parameters as Python's json.dumps does, and plain ones raw", () => {
    const visible = { s: "é\n", n: new NumberText("1.0"), o: { x: 10, y: ["a"] }, b: true, z: null };
    expect(taskEnvironment({ ...input, visible })).toMatchObject({
      MAGNUS_PRM_s: '"\\u00e9\\n"',
      s: "é\n",
      MAGNUS_PRM_n: "1.0",
      n: "1.0",
      MAGNUS_PRM_o: '{"x": 10, "y": ["a"]}',
      o: '{"x": 10, "y": ["a"]}',
      MAGNUS_PRM_b: "true",
      b: "true",
      MAGNUS_PRM_z: "null",
      z: "null",
    });
  });

  it("a parameter wins over what was inherited, but for the names that a process needs", () => {
    const steering = [
      "BASH_ENV",
      "ENV",
      "PS4",
      "NODE_OPTIONS",
      "PYTHONPATH",
      "LC_ALL",
      "TMPDIR",
      "https_proxy",
      "GIT_SSH_COMMAND",
    ];
    const names = ["PATH", "HOME", "SHELL", "IFS", "LD_PRELOAD", "MAGNUS_RUN_ID", ...steering, "VITEST"];
    const env = taskEnvironment({ ...input, visible: Object.fromEntries(names.map((name) => [name, "mine"])) });
    expect(process.env.VITEST).toBe("true");
    expect(env.VITEST).toBe("mine");
    for (const name of names.slice(0, -1)) {
      expect(env[name]).not.toBe("mine");
      expect(env[`MAGNUS_PRM_${name}`]).toBe('"mine"');
    }
  });

  it("leaves out what no environment can hold, inherited values of that name too", () => {
    const visible = {
      VITEST: "x".repeat(100 * 1024 + 1),
      nul: "a\0b",
      half: "\ud800",
      big: ["y".repeat(110_000)],
      fits: "z".repeat(100 * 1024),
    };
    const env = taskEnvironment({ ...input, visible });
    for (const name of ["VITEST", "nul", "half", "big"]) {
      expect(env).not.toHaveProperty(name);
      expect(env).not.toHaveProperty(`MAGNUS_PRM_${name}`);
    }
    expect(env.fits).toBe(visible.fits);
  });

  it("of values that are too large together leaves out the largest, of equal ones the last", () => {
    const size = (name: string): number => 90_000 - (name === "small" ? 1000 : 0);
    const names = ["small", "a", "b", "c", "d", "e"];
    const visible = Object.fromEntries(names.map((name) => [name, "x".repeat(size(name))]));
    const env = taskEnvironment({ ...input, visible });
    expect(names.filter((name) => name in env)).toEqual(["small", "a"]);
    expect(names.filter((name) => `MAGNUS_PRM_${name}` in env)).toEqual(["small", "a"]);
    expect(leftOut(visible)).toEqual(["b", "c", "d", "e"]);
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`p${i}`, "x".repeat(20)]));
    expect(leftOut(many)).toEqual([]);
    const more = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`p${i}`, "ä".repeat(20)]));
    const kept = 3000 - leftOut(more).length;
    expect(kept).toBeGreaterThan(500);
    expect(Object.keys(taskEnvironment({ ...input, visible: more })).filter((name) => /^p\d/.test(name))).toHaveLength(
      kept,
    );
  });

  it("secrets hide parameters, the step's env hides both", () => {
    const env = taskEnvironment({
      ...input,
      visible: { a: "parameter", b: "parameter", c: "parameter" },
      secrets: new Map([
        ["b", "secret"],
        ["c", "secret"],
      ]),
      env: { c: "env" },
    });
    expect(env).toMatchObject({ a: "parameter", b: "secret", c: "env" });
  });

  it("objects of a language are invisible", () => {
    const env = taskEnvironment({ ...input, visible: { model: { $object: `sha256:${"0".repeat(64)}` } } });
    expect(env).not.toHaveProperty("model");
    expect(env).not.toHaveProperty("MAGNUS_PRM_model");
  });
});

describe("cleanEnvironment", () => {
  it("drops what is not the task's, and restores what was set aside for the shim", () => {
    const env = cleanEnvironment({
      USER: "me",
      MAGNUS_PRM_old: "1",
      RUNNABLE_PRM_old: "1",
      MAGNUS_TRACK_old: "1",
      MAGNUS_SERVICES: "{}",
      MAGNUS_CONTROL_FILE: "/c",
      NODE_CHANNEL_FD: "3",
      NODE_OPTIONS: "",
      MAGNUS_SAVED_NODE_OPTIONS: "--max-old-space-size=4096",
      MAGNUS_VAR_x: "kept",
    });
    expect(env).toEqual({ USER: "me", NODE_OPTIONS: "--max-old-space-size=4096", MAGNUS_VAR_x: "kept" });
  });
});

describe("MAGNUS_PARAMETERS_FILE", () => {
  it("has what is too large for an environment, and a script that wants it as a variable is told", async () => {
    const visible = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`v${i}`, "x".repeat(90_000)]));
    const { result, stdout, events } = await runShell('echo "${v1}$v39${v390}"; wc -c <"$MAGNUS_PARAMETERS_FILE"', {
      visible,
    });
    expect(result.status).toBe("success");
    expect(stdout.replace("x".repeat(90_000), "V1")).toMatch(/^V1\n *3600\d+\n$/);
    expect(dataOf(events, "warning")).toEqual([
      {
        message: "$v39 is too large for a variable and not set: read it from $MAGNUS_PARAMETERS_FILE",
      },
    ]);
  });

  it("has all parameters, exactly, but objects", async () => {
    const visible = {
      float: new NumberText("1.0"),
      big: new NumberText("12345678901234567890"),
      long: "x".repeat(200_000),
      nul: "a\0b",
      nested: { list: [null, true] },
    };
    const { stdout } = await runShell('cat "$MAGNUS_PARAMETERS_FILE"', {
      visible: { ...visible, model: { $object: `sha256:${"0".repeat(64)}` } },
    });
    expect(parseJson(stdout)).toEqual(visible);
  });
});
