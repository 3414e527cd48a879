import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataOf, type Given, newFolder, newServices, runShell } from "../attempt/step-harness.ts";

function write(folder: string, files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const catalog = { get: [{ pattern: "in.csv", optional: true }], put: [{ pattern: "out.csv" }] } as const;

/** Runs a script as an item of a map, in a project with these files; `out.csv` is put. */
async function runApart(files: { readonly [name: string]: string }, script: string, given: Given = {}) {
  const services = { ...newServices(), ...given.services };
  write(services.projectDir, files);
  const ran = await runShell(`${script}\necho >>out.csv`, {
    task: { catalog },
    ...given,
    services,
    spec: { concurrent: true },
  });
  const read = (name: string): string => readFileSync(join(services.projectDir, name), "utf8");
  return { ...ran, services, read, warnings: dataOf(ran.events, "warning").map(({ message }) => message) };
}

describe("a working directory of its own", () => {
  const catalog = { get: [{ pattern: "in.csv", optional: true }], put: [{ pattern: "out.csv" }] } as const;

  it("is given to concurrent steps that use the catalog: project files as links, outputs apart", async () => {
    const services = newServices();
    write(services.projectDir, { "src/code.py": "code", "out.csv": "project's", ".hidden/x": "1", ".env": "2" });
    const script = 'pwd; cat src/code.py; ls -A; echo "$MAGNUS_ATTEMPT" >out.csv';
    const { result, stdout } = await runShell(script, { services, spec: { concurrent: true }, task: { catalog } });
    expect(result.files).toMatchObject([{ name: "out.csv", size: 2 }]);
    const [cwd = "", ...rest] = stdout.split("\n");
    expect(cwd).not.toBe(services.projectDir);
    expect(rest.join("\n")).toBe("code.env\n.hidden\nout.csv\nsrc\n");
    expect(readFileSync(join(services.projectDir, "out.csv"), "utf8")).toBe("project's");
    expect(existsSync(cwd)).toBe(false);
  });

  it("what it gets replaces the project's file", async () => {
    const services = newServices();
    write(services.projectDir, { "in.csv": "catalog's" });
    const { result } = await runShell("true", { services, task: { catalog: { put: [{ pattern: "in.csv" }] } } });
    write(services.projectDir, { "in.csv": "project's" });
    const { stdout } = await runShell("cat in.csv; echo more >>in.csv; echo >out.csv", {
      services,
      files: result.files,
      spec: { concurrent: true },
      task: { catalog },
    });
    expect(stdout).toBe("catalog's");
    expect(readFileSync(join(services.projectDir, "in.csv"), "utf8")).toBe("project's");
  });

  it("a file of the project may be put from it", async () => {
    const services = newServices();
    write(services.projectDir, { "conf/a.yaml": "project's" });
    const { result } = await runShell("true", {
      services,
      spec: { concurrent: true },
      task: { catalog: { put: [{ pattern: "conf" }] } },
    });
    expect(result.files).toMatchObject([{ name: "conf/a.yaml", size: 9 }]);
  });

  it("has all that the project has, but for git's and magnus's own folders", async () => {
    const { stdout } = await runApart(
      { ".gitignore": "data\n", "data/x": "1", ".magnus/runs/x": "2", ".git/HEAD": "3", "a b/c": "4" },
      "ls -A; cat data/x",
    );
    expect(stdout).toBe(".gitignore\na b\ndata\n1");
  });

  it("a write to a file of the project does not reach it, and is named unless it is put", async () => {
    const { read, warnings } = await runApart(
      { "table.csv": "1", "deep/er/b.csv": "2", "kept.csv": "3" },
      "echo more >>table.csv; sed -i s/2/x/ deep/er/b.csv; echo more >>kept.csv; : >>untouched",
      { task: { catalog: { put: [{ pattern: "out.csv" }, { pattern: "kept.csv" }] } } },
    );
    expect([read("table.csv"), read("deep/er/b.csv"), read("kept.csv")]).toEqual(["1", "2", "3"]);
    expect(warnings).toEqual([
      "written in the step's directory but not kept, since no `put` matches: deep/er/b.csv, table.csv, untouched",
    ]);
  });

  it("new files that nobody keeps are named, in folders of the project, too", async () => {
    const { services, warnings } = await runApart(
      { "logs/a.log": "1", "code/__init__.py": "" },
      "echo 1 >logs/b.log; mkdir -p new/deep code/__pycache__; touch new/deep/x code/__pycache__/x.pyc",
    );
    expect(warnings).toEqual([expect.stringContaining("not kept, since no `put` matches: logs/b.log, new/deep/x")]);
    expect(existsSync(join(services.projectDir, "logs/b.log"))).toBe(false);
  });

  it("a step that failed has nothing to lose", async () => {
    expect((await runApart({}, "touch partial; exit 3")).warnings).toEqual([]);
  });

  it("folders of many files, hidden ones and environments are links; so are large files", async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`images/${i}.png`, ""]));
    const files = { ...many, "env/pyvenv.cfg": "", ".cache/x": "", "few/x": "", "big.bin": "x".repeat(300 * 1024) };
    const { stdout, services, warnings } = await runApart(
      files,
      'for name in images env .cache few big.bin; do test -L "$name" && echo "$name"; done',
    );
    expect(stdout).toBe("images\nenv\n.cache\nbig.bin\n");
    // Nothing of a large tree is made anew, however deep it is.
    const deep = Array.from({ length: 30 }, (_, i) => [`some/lib/${i}`, i] as const);
    const tree = deep.flatMap(([at]) => Array.from({ length: 9 }, (_, j) => [`${at}/${j}.py`, ""] as const));
    const counted = await runApart(Object.fromEntries(tree), "readlink some; find . | wc -l");
    expect(counted.stdout).toBe(`${counted.services.projectDir}/some\n2\n`);
    expect(warnings).toEqual([]);
    const through = await runApart({}, "echo >>big.bin; touch images/new.png", { services });
    expect(through.warnings).toEqual([expect.stringMatching(/^changed in the project .*: big\.bin, images$/)]);
  });

  it("what is put or got below a folder makes it a real one, behind a link and among many, too", async () => {
    const services = newServices();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`images/${i}.png`, ""]));
    write(services.projectDir, { ...many, ".cache/in.csv": "old" });
    const elsewhere = newFolder();
    symlinkSync(elsewhere, join(services.projectDir, "results"));
    const get = { get: [{ pattern: ".cache/in.csv" }] };
    const first = await runShell("true", { services, task: { catalog: { put: get.get } } });
    const { result } = await runApart({}, "cat .cache/in.csv; for d in images results; do echo 1 >$d/out.txt; done", {
      services,
      files: first.result.files,
      task: { catalog: { ...get, put: [{ pattern: "*/out.txt" }, { pattern: "results/*.txt" }] } },
    });
    expect(result.message).toBeUndefined();
    expect(result.files.map(({ name }) => name)).toEqual(["images/out.txt", "results/out.txt"]);
    expect(existsSync(join(elsewhere, "out.txt"))).toBe(false);
    expect(existsSync(join(services.projectDir, "images/out.txt"))).toBe(false);
  });

  it("one after the other, each finds the project as it is by then, and nothing of those before", async () => {
    const services = newServices();
    const files = { "a.txt": "a", "deep/b.txt": "b", "out.csv": "o", "gone.txt": "1" };
    write(services.projectDir, files);
    // Changes within a tick of the clock are told apart by copying anew; this is to be told apart by times.
    for (const name of ["", "deep", ...Object.keys(files)]) utimesSync(join(services.projectDir, name), 1, 1);
    const look = 'find . ! -type d | sort | tr "\\n" " "; cat a.txt deep/b.txt out.csv';
    const spoil = "echo x >>a.txt; echo y >out.csv; touch new deep/new; mkdir -p extra/x deep/extra; rm gone.txt";
    const all = "./a.txt ./deep/b.txt ./gone.txt ./out.csv ab";
    for (const script of ["touch c", "touch d", spoil, "touch e", spoil, "touch f", "rm -r deep; mkdir deep", "true"]) {
      const { stdout } = await runApart({}, `${look}; find . -type d | wc -l; ${script}`, { services });
      expect(stdout, script).toBe(`${all}o2\n`);
    }
    // The very copies of the last one, moved: a long map does not copy the project for each item.
    const [first, second] = [
      await runApart({}, "ls -i deep/b.txt", { services }),
      await runApart({}, "ls -i deep/b.txt", { services }),
    ];
    expect(second.stdout).toBe(first.stdout);
    write(services.projectDir, { "a.txt": "A" });
    expect((await runApart({}, look, { services })).stdout).toBe("./a.txt ./deep/b.txt ./gone.txt ./out.csv Abo");
    write(services.projectDir, { "deep/new.txt": "" });
    expect((await runApart({}, look, { services })).stdout).toContain("./deep/new.txt");
    rmSync(join(services.projectDir, "gone.txt"));
    expect((await runApart({}, look, { services })).stdout).not.toContain("gone.txt");
  });

  it("broken links or to themselves do not stop it", async () => {
    const services = newServices();
    symlinkSync("gone", join(services.projectDir, "dangling"));
    symlinkSync("self", join(services.projectDir, "self"));
    const { result, warnings } = await runApart({}, "ls", {
      services,
      task: { catalog: { put: [{ pattern: "out.csv" }, { pattern: "dangling", optional: true }] } },
    });
    expect([result.message, warnings]).toEqual([undefined, ['put "dangling" skips 1 (broken links): dangling']]);
  });

  it.each([
    ["auto", true, false, false],
    ["auto", false, true, false],
    ["auto", true, true, true],
    ["always", false, false, true],
    ["never", true, true, false],
  ] as const)("isolate %s, concurrent %s, catalog %s: %s", async (isolate, concurrent, declares, own) => {
    const services = { ...newServices(), isolate };
    const { stdout } = await runShell("pwd; echo >out.csv", {
      services,
      spec: concurrent ? { concurrent } : {},
      task: declares ? { catalog } : {},
    });
    expect(stdout.trim() !== services.projectDir).toBe(own);
  });

  it("isolate always: what the catalog has for a step is there only if the step gets it, or git has it", async () => {
    const services = { ...newServices(), isolate: "always" } as const;
    const { projectDir } = services;
    write(projectDir, { "made.csv": "of an earlier run", "kept.csv": "committed", "own.csv": "nobody put it" });
    const git = (...args: string[]): unknown => execFileSync("git", args, { cwd: projectDir, stdio: "ignore" });
    git("init", "-q");
    git("add", "kept.csv");
    const files = ["made.csv", "kept.csv"].map((name) => ({ name, digest: "sha256:0", size: 1 }));
    const { stdout } = await runShell("ls", { services, files });
    expect(stdout.split("\n").filter((name) => name.endsWith(".csv"))).toEqual(["kept.csv", "own.csv"]);
    const auto = await runShell("ls", {
      services: { ...services, isolate: "auto" },
      files,
      spec: { concurrent: true },
      task: { catalog },
    });
    expect(auto.stdout).toContain("made.csv");
  });

  it("isolate always: what git ignores is not there, and a failure that speaks of it is explained", async () => {
    const services = { ...newServices(), isolate: "always" } as const;
    write(services.projectDir, {
      ".gitignore": "data/\nsrc/*.tmp\n",
      "data/x.csv": "1",
      "src/a.tmp": "2",
      "src/b": "3",
    });
    execFileSync("git", ["init", "-q"], { cwd: services.projectDir, stdio: "ignore" });
    const { result, stdout, events } = await runShell("ls -A . src; cat data/x.csv", { services });
    expect(stdout).toBe(".:\n.gitignore\nsrc\n\nsrc:\nb\n");
    expect(result.status).toBe("failed");
    expect(dataOf(events, "warning").map(({ message }) => message)).toEqual([
      '"data" is in the project, but not in the step\'s directory: git ignores it',
    ]);
  });

  it("isolate always, a repository inside another: its files are there", async () => {
    const services = { ...newServices(), isolate: "always" } as const;
    write(services.projectDir, { "inner/x": "1", outer: "2" });
    for (const folder of [".", "inner"]) {
      execFileSync("git", ["init", "-q"], { cwd: join(services.projectDir, folder), stdio: "ignore" });
    }
    const { result, stdout } = await runShell("cat inner/x outer", { services });
    expect([result.message, stdout]).toEqual([undefined, "12"]);
  });
});
