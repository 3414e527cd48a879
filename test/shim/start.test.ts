import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { type Ended, run, shim, shimAlone } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** A step whose shim may keep what V8 made of it in `caches`. */
function step(cwd: string, id: string, caches = path.join(cwd, "caches")): Promise<Ended> {
  const spec = {
    path: [{ node: "a", start: true }],
    run: { pipeline: "p", digest: "", parameters: {} },
    task: { command: "echo ran" },
  };
  const env = { MAGNUS_RUN_ID: id, XDG_CACHE_HOME: caches };
  return run(process.execPath, [shim, "run", "--spec", JSON.stringify(spec)], { cwd, env });
}

function cacheIn(cwd: string): string {
  const folder = path.join(cwd, "caches/magnus");
  const [name = "", ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  return path.join(folder, name);
}

const ran = { code: 0, signal: null, stdout: "ran\n", stderr: "magnus: a success\n" };

describe("the shim's start", () => {
  test("a step leaves V8's cache, which V8 takes for the next one", async () => {
    const cwd = workspace();
    mkdirSync(path.join(cwd, "caches"));
    expect(await step(cwd, "r1")).toEqual(ran);
    const cache = cacheIn(cwd);
    expect(statSync(cache).mode & 0o777).toBe(0o600);
    const source = readFileSync(shimAlone, "latin1");
    const body = `(function(exports,require,module,__filename,__dirname){${source.slice(source.indexOf("\n"))}\n})`;
    expect(new Script(body, { cachedData: readFileSync(cache) }).cachedDataRejected).toBe(false);
    const { ino } = statSync(cache);
    expect(await step(cwd, "r2")).toEqual(ran);
    expect(statSync(cacheIn(cwd)).ino).toBe(ino);
  });

  test("a cache that V8 refuses is replaced; one that others could have written is not read", async () => {
    const cwd = workspace();
    mkdirSync(path.join(cwd, "caches"));
    await step(cwd, "r1");
    const cache = cacheIn(cwd);
    const whole = readFileSync(cache);
    for (const spoil of [() => writeFileSync(cache, whole.subarray(0, 1000)), () => chmodSync(cache, 0o666)]) {
      const { ino } = statSync(cache);
      spoil();
      expect(await step(cwd, `r${ino}`)).toEqual(ran);
      expect(statSync(cache).ino).not.toBe(ino);
      expect(statSync(cache).size).toBeGreaterThan(1000);
    }
  });

  test("without the program beside it: one line", async () => {
    const cwd = workspace();
    copyFileSync(shim, path.join(cwd, "start.cjs"));
    const { code, stderr } = await run(process.execPath, ["start.cjs", "version"], { cwd });
    expect([code, stderr]).toEqual([
      70,
      `magnus-shim: cannot read ${path.join(cwd, "shim.cjs")}, which this starts (ENOENT): copy it there, or use it alone\n`,
    ]);
  });

  test("where there is no folder for caches, or a file in its place, none is made and the step runs", async () => {
    const cwd = workspace({ file: "" });
    for (const caches of ["caches", "file", "file/below"]) {
      expect(await step(cwd, caches.replace("/", "-"), path.join(cwd, caches))).toEqual(ran);
    }
    expect(existsSync(path.join(cwd, "caches"))).toBe(false);
  });
});
