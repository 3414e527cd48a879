/** The Python package: its tests on the sources and on the wheel as it is built, and what the wheel holds. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/build.ts";
import { plainEnvironment } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const python = path.join(root, "python");

function run(args: readonly string[], cwd: string, env: { readonly [name: string]: string } = {}) {
  const { status, stdout, stderr } = spawnSync("python3", args, {
    cwd,
    encoding: "utf8",
    env: { ...plainEnvironment(), PYTHONDONTWRITEBYTECODE: "1", ...env },
  });
  return { status, stdout: stdout ?? "", stderr: stderr ?? "" };
}

const unittest = ["-m", "unittest", "discover", "-s", path.join(python, "tests")];
const noPython = run(["-c", "import sys; sys.exit(sys.version_info < (3, 8))"], root).status !== 0;
if (noPython) process.stderr.write("not tested: the Python package, since there is no python3 3.8 or newer\n");

test.skipIf(noPython)("its tests pass on the sources", () => {
  const { status, stderr } = run(unittest, root);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^Ran \d+ tests/m);
});

test("has the version and the licence of the whole", () => {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  expect(readFileSync(path.join(python, "pyproject.toml"), "utf8")).toContain(`\nversion = "${version}"\n`);
  expect(readFileSync(path.join(python, "LICENSE"), "utf8")).toBe(readFileSync(path.join(root, "LICENSE"), "utf8"));
});

test.skipIf(noPython)("a wheel is built, holds the sources and their types, and passes the tests", (context) => {
  const cwd = workspace();
  // setuptools leaves folders beside the sources.
  cpSync(python, path.join(cwd, "python"), { recursive: true });
  const wheel = ["-m", "pip", "wheel", "--no-deps", "-q", "-w", "wheels", "./python"];
  const built = [["--no-build-isolation"], []]
    .map((more) => [...wheel, ...more])
    .find((args) => run(args, cwd).status === 0);
  if (built === undefined) {
    process.stderr.write("not tested: the wheel, since pip cannot build one here (setuptools and wheel are missing)\n");
    return context.skip();
  }
  const [file = ""] = readdirSync(path.join(cwd, "wheels"));
  expect(file).toMatch(/^magnus_pipelines-[\d.]+-py3-none-any\.whl$/);
  const unpacked = run(["-m", "zipfile", "-e", path.join("wheels", file), "site"], cwd);
  expect(unpacked.status, unpacked.stderr).toBe(0);
  const sources = readdirSync(path.join(python, "src/magnus")).filter((name) => name !== "__pycache__");
  expect(readdirSync(path.join(cwd, "site/magnus")).sort()).toEqual(sources.sort());
  expect(sources).toContain("py.typed");
  const site = path.join(cwd, "site");
  expect(existsSync(path.join(site, "magnus/__init__.py"))).toBe(true);
  const where = run(["-c", "import magnus; print(magnus.__file__)"], cwd, { PYTHONPATH: site });
  expect(where.stdout.trim()).toBe(path.join(site, "magnus/__init__.py"));
  const tested = run(unittest, cwd, { PYTHONPATH: site });
  expect(tested.status, tested.stderr).toBe(0);
});
