/** Every case, each step in a container of its own; the engine stands for docker and runs them in place. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isObject, parseJson, printJson } from "../../src/protocol/json.ts";
import { root } from "../support/build.ts";
import { runMagnus } from "../support/programs.ts";
import { conformanceCases, expectedLog, workspaceOf } from "./cases.ts";
import { inputs, normalisedLog } from "./engines.ts";

const bin = mkdtempSync(path.join(tmpdir(), "magnus-engine-"));
copyFileSync(path.join(root, "test/support/stand-in-engine.mjs"), path.join(bin, "docker"));
chmodSync(path.join(bin, "docker"), 0o755);
afterAll(() => rmSync(bin, { recursive: true, force: true }));

const containers = ["--set", "executor.type=local-container", "--set", "executor.docker_image=any:1"];

describe.skipIf(process.platform !== "linux")("in containers", () => {
  test.concurrent.for(conformanceCases())("$name", async (testCase) => {
    const work = workspaceOf(testCase);
    const env = {
      ...testCase.environment,
      // Python is the image's.
      PATH: `${bin}:${process.env.PATH ?? ""}`,
      XDG_CACHE_HOME: bin,
      STAND_IN_NOTES: "/dev/null",
    };
    const { code, stderr } = await runMagnus(["run", "pipeline.yaml", ...inputs(testCase, work), ...containers], {
      cwd: work,
      env,
    });
    const log = await normalisedLog(work).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${stderr}`);
    });
    const expected = parseJson(readFileSync(expectedLog(testCase), "utf8"));
    expect(printJson(log, { sorted: true }), stderr).toBe(printJson(expected, { sorted: true }));
    expect(code, stderr).toBe(isObject(log) && log.status === "success" ? 0 : 1);
    rmSync(work, { recursive: true, force: true });
  });
});
