import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CatalogFile } from "../../../src/protocol/event.ts";
import { doNothingCatalog } from "../../../src/stores/memory/do-nothing-catalog.ts";
import { dataOf, type Given, kindsOf, newFolder, newServices, runShell } from "./step-harness.ts";

function write(folder: string, files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Puts what the patterns match in a folder with these files; gives the names. */
async function put(files: { readonly [name: string]: string }, patterns: readonly string[], given: Given = {}) {
  const services = { ...newServices(), ...given.services };
  write(services.projectDir, files);
  const catalog = { put: patterns.map((pattern) => ({ pattern })) };
  const ran = await runShell("true", { ...given, services, task: { catalog, ...given.task } });
  return { ...ran, services, names: ran.result.files.map((file) => file.name) };
}

/** A catalog that has these files, and the record of them. */
async function stored(files: { readonly [name: string]: string }) {
  const { result, services } = await put(files, ["."]);
  return { files: result.files, services: { ...services, projectDir: newFolder() } };
}

describe("put", () => {
  const tree = {
    "a.csv": "1",
    "b.txt": "2",
    ".dot.csv": "3",
    "out/c.csv": "4",
    "out/deep/d.csv": "5",
    "out/.e.csv": "6",
  };

  it.each([
    [["*.csv"], ["a.csv"]],
    [["*"], ["a.csv", "b.txt"]],
    [["**/*.csv"], ["a.csv", "out/c.csv", "out/deep/d.csv"]],
    [["out"], ["out/.e.csv", "out/c.csv", "out/deep/d.csv"]],
    [["out/"], ["out/.e.csv", "out/c.csv", "out/deep/d.csv"]],
    [["out/**"], ["out/c.csv", "out/deep/d.csv"]],
    [["./out/*.csv"], ["out/c.csv"]],
    [["."], ["a.csv", "b.txt", "out/c.csv", "out/deep/d.csv"]],
    [[".*.csv"], [".dot.csv"]],
    [["out/.e.csv"], ["out/.e.csv"]],
    [
      ["*.csv", "a.*", "b.txt"],
      ["a.csv", "b.txt"],
    ],
    [["out/?.csv"], ["out/c.csv"]],
    [["[a-b].*"], ["a.csv", "b.txt"]],
  ])("%j stores %j", async (patterns, names) => {
    const { result, names: stored, events } = await put(tree, patterns);
    expect(result.message).toBeUndefined();
    expect(stored).toEqual(names);
    expect(dataOf(events, "catalog.put")).toEqual([{ files: result.files }]);
  });

  it("records digest, size and the executable bit", async () => {
    const { result } = await runShell("printf hello >a; printf x >run; chmod +x run", {
      task: { catalog: { put: [{ pattern: "a" }, { pattern: "run" }] } },
    });
    expect(result.files).toEqual([
      { name: "a", size: 5, digest: "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
      expect.objectContaining({ name: "run", executable: true }),
    ]);
  });

  it("a pattern that matches nothing fails the step; what others match is stored", async () => {
    const { result, names, events } = await put({ a: "1" }, ["a", "missing-*"]);
    expect(result).toMatchObject({ status: "failed", reason: "catalog-put", message: 'no file matches "missing-*"' });
    expect(names).toEqual(["a"]);
    expect(kindsOf(events).filter((kind) => kind !== "warning")).toEqual([
      "step.started",
      "catalog.put",
      "step.finished",
    ]);
  });

  it("an optional pattern may match nothing", async () => {
    const { result } = await runShell("true", { task: { catalog: { put: [{ pattern: "x", optional: true }] } } });
    expect(result).toMatchObject({ status: "success", files: [] });
  });

  it("a failed task's files are stored as far as they exist, and the task's failure is told", async () => {
    const { result } = await runShell("echo 1 >a; exit 3", {
      task: { catalog: { put: [{ pattern: "a" }, { pattern: "b" }] } },
    });
    expect(result).toMatchObject({ status: "failed", reason: "exit", exitCode: 3 });
    expect(result.files.map((file) => file.name)).toEqual(["a"]);
  });

  it("digestOnly stores no content", async () => {
    const { result, services } = await runShell("echo 1 >a", {
      task: { catalog: { put: [{ pattern: "a", digestOnly: true }] } },
    });
    expect(result.files).toMatchObject([{ name: "a", digestOnly: true }]);
    const get = await runShell("true", {
      services,
      files: result.files,
      task: { catalog: { get: [{ pattern: "a" }] } },
    });
    expect(get.result).toMatchObject({ status: "failed", reason: "catalog-get" });
    expect(get.result.message).toContain("only the digest");
  });

  it("the task may name further files", async () => {
    const { result } = await runShell(`echo 1 >a; echo '{"catalog": {"put": ["a"]}}' >"$MAGNUS_OUTPUT_FILE"`);
    expect(result.files.map((file) => file.name)).toEqual(["a"]);
  });

  it.each(["/etc/passwd", "../x", "a/../../x"])("%s is refused", async (pattern) => {
    const { result } = await put({ a: "1" }, [pattern]);
    expect(result).toMatchObject({ status: "failed", reason: "catalog-put" });
    expect(result.message).toContain("leaves the working directory");
  });

  it("symbolic links are followed inside the working directory and refused out of it", async () => {
    const services = newServices();
    write(services.projectDir, { "real.txt": "content", "dir/x": "1" });
    symlinkSync("real.txt", join(services.projectDir, "inside.txt"));
    expect((await put({}, ["inside.txt"], { services })).result.files).toMatchObject([{ name: "inside.txt", size: 7 }]);
    symlinkSync("/etc/hostname", join(services.projectDir, "outside.txt"));
    symlinkSync("/etc", join(services.projectDir, "etc"));
    symlinkSync("dir", join(services.projectDir, "loop"));
    for (const pattern of ["outside.txt", "*.txt", "etc/hostname", "etc"]) {
      const { result } = await put({}, [pattern], { services });
      expect(result, pattern).toMatchObject({ status: "failed", reason: "catalog-put" });
      expect(result.message, pattern).toContain("symbolic link");
    }
    expect((await put({}, ["loop"], { services })).names).toEqual(["loop/x"]);
  });
});

describe("a named folder means its whole tree", () => {
  const tree = { catalog: { put: [{ pattern: "site" }] } };
  const names = (files: readonly CatalogFile[]): readonly string[] => files.map(({ name }) => name);

  it("with hidden files, empty folders and what is behind links to folders, and arrives so", async () => {
    const script = `mkdir -p site/.known site/empty/deep store/v2; echo 1 >site/.known/key; echo 2 >store/v2/index
      ln -s ../store/v2 site/docs; ln -s index store/v2/alias`;
    const services = newServices();
    const { result, events } = await runShell(script, { services, task: tree });
    expect(names(result.files)).toEqual(["site/.known/key", "site/docs/alias", "site/docs/index", "site/empty/deep/"]);
    expect(dataOf(events, "warning")).toEqual([]);
    const elsewhere = { ...services, projectDir: newFolder() };
    const { stdout } = await runShell("find site | sort", {
      services: elsewhere,
      files: result.files,
      task: { catalog: { get: [{ pattern: "site" }] } },
    });
    expect(stdout).toBe(
      "site\nsite/.known\nsite/.known/key\nsite/docs\nsite/docs/alias\nsite/docs/index\nsite/empty\nsite/empty/deep\n",
    );
  });

  it("broken links or in a circle are left out, and named", async () => {
    const script = `mkdir -p site/a site/b; echo 1 >site/a/x; ln -s gone site/dangling; ln -s self site/self
      ln -s .. site/a/up; ln -s ../b site/a/other; ln -s ../a site/b/other`;
    const { result, events } = await runShell(script, { task: tree });
    expect(result).toMatchObject({ status: "success" });
    expect(names(result.files)).toEqual(["site/a/x", "site/b/other/x"]);
    expect(dataOf(events, "warning").map(({ message }) => message)).toEqual([
      'put "site" skips 2 (broken links): site/dangling, site/self',
      expect.stringMatching(/^put "site" skips 4 \(links to a folder around them\): /),
    ]);
  });

  it.each([
    [
      "a name that is not UTF-8",
      `touch site/x; touch "site/$(printf 'caf\\351')"`,
      '"site/café" (here as Latin-1) is not UTF-8',
    ],
    ["a folder whose name is not UTF-8", `mkdir "site/$(printf '\\351')"; touch site/x`, "is not UTF-8"],
    ["a link out of the working directory", "touch site/x; ln -s /etc site/etc", '"site/etc" is a symbolic link'],
  ])("%s fails the step and is named; the rest is stored", async (_, script, message) => {
    const { result } = await runShell(`mkdir site; ${script}`, { task: tree });
    expect(result).toMatchObject({ status: "failed", reason: "catalog-put" });
    expect(result.message).toContain(message);
    expect(names(result.files)).toEqual(["site/x"]);
  });

  it("of empty folders only is nothing", async () => {
    const { result } = await runShell("mkdir -p site/a", { task: tree });
    expect(result).toMatchObject({ status: "failed", message: 'no file matches "site", only empty folders do' });
  });

  it("line breaks in names are part of them", async () => {
    const { result } = await runShell("mkdir site; touch \"site/$(printf 'a\\nb')\" \"site/$(printf 'a\\rb')\"", {
      task: { catalog: { put: [{ pattern: "site/**" }] } },
    });
    expect(names(result.files)).toEqual(["site/a\nb", "site/a\rb"]);
  });

  it("what wildcards leave out is counted in a warning", async () => {
    const script = "mkdir -p out/.d store; touch out/x out/.a out/.b out/.d/c; ln -s ../store out/link";
    const { result, events } = await runShell(script, { task: { catalog: { put: [{ pattern: "out/**" }] } } });
    expect(names(result.files)).toEqual(["out/x"]);
    const [hidden, link] = dataOf(events, "warning").map(({ message }) => message);
    expect(hidden).toContain('put "out/**" skips 3 (hidden; a pattern must include the dot, or name the folder)');
    expect(link).toContain("(links to folders; wildcards do not follow them: name the folder): out/link");
  });
});

describe("permissions", () => {
  it.each(["600", "640", "700", "444", "755", "644"])("%s are as they were", async (mode) => {
    const services = newServices();
    const catalog = { put: [{ pattern: "a" }] };
    const put = await runShell(`echo key >a; chmod ${mode} a`, { services, task: { catalog } });
    const get = {
      services: { ...services, projectDir: newFolder() },
      files: put.result.files,
      task: { catalog: { get: [{ pattern: "a" }] } },
    };
    expect((await runShell("stat -c %a a", get)).stdout).toBe(`${mode}\n`);
    // One that is there already, but open.
    expect((await runShell("chmod 666 a", get)).result.status).toBe("success");
    if (mode !== "644") expect((await runShell("stat -c %a a", get)).stdout).toBe(`${mode}\n`);
  });

  it("what only its owner could read is so in the catalog, too", async () => {
    const { services, result } = await runShell("echo key >a; chmod 600 a", {
      task: { catalog: { put: [{ pattern: "a" }] } },
    });
    const hex = result.files[0]?.digest.slice("sha256:".length) ?? "";
    const root = /\((.*)\)/.exec(services.catalog.name)?.[1] ?? "";
    expect(lstatSync(join(root, "blobs", "sha256", hex.slice(0, 2), hex)).mode & 0o777).toBe(0o400);
  });
});

describe("get", () => {
  it("copies what matches into place before the task, and nothing else", async () => {
    const { files, services } = await stored({ "a.csv": "1", "out/b.csv": "2", "c.txt": "3" });
    const { stdout, events } = await runShell("find . -type f | sort; cat a.csv", {
      services,
      files,
      task: { catalog: { get: [{ pattern: "**/*.csv" }] } },
    });
    expect(stdout).toBe("./a.csv\n./out/b.csv\n1");
    expect(kindsOf(events).slice(-4)).toEqual(["catalog.get", "step.started", "log.stored", "step.finished"]);
    expect(
      dataOf(events, "catalog.get")
        .at(-1)
        ?.files.map((file) => file.name),
    ).toEqual(["a.csv", "out/b.csv"]);
  });

  it("of nothing fails and tells what there is; optional does not", async () => {
    const { files, services } = await stored({ "a.csv": "1" });
    const failed = await runShell("true", { services, files, task: { catalog: { get: [{ pattern: "b*" }] } } });
    expect(failed.result).toMatchObject({ status: "failed", reason: "catalog-get" });
    expect(failed.result.message).toBe('nothing in the catalog matches "b*"; this step sees a.csv');
    const optional = { pattern: "b*", optional: true } as const;
    const relaxed = await runShell("true", { services, files, task: { catalog: { get: [optional] } } });
    expect(relaxed.result.status).toBe("success");
  });

  it("of damaged content fails", async () => {
    const { files, services } = await stored({ "a.csv": "1" });
    const hex = files[0]?.digest.slice("sha256:".length) ?? "";
    const root = /\((.*)\)/.exec(services.catalog.name)?.[1] ?? "";
    const blob = join(root, "blobs", "sha256", hex.slice(0, 2), hex);
    chmodSync(blob, 0o644);
    writeFileSync(blob, "2");
    const { result } = await runShell("true", { services, files, task: { catalog: { get: [{ pattern: "a.csv" }] } } });
    expect(result).toMatchObject({ status: "failed", reason: "catalog-get" });
    expect(result.message).toContain("damaged");
  });

  it("never writes out of the working directory", async () => {
    const { files, services } = await stored({ "dir/a": "1" });
    const outside = newFolder();
    symlinkSync(outside, join(services.projectDir, "dir"));
    const linked = await runShell("true", { services, files, task: { catalog: { get: [{ pattern: "dir" }] } } });
    expect(linked.result.message).toContain("symbolic link");
    expect(existsSync(join(outside, "a"))).toBe(false);
    const climbing: CatalogFile[] = files.map((file) => ({ ...file, name: "../up" }));
    const up = await runShell("true", { services, files: climbing, task: { catalog: { get: [{ pattern: "**" }] } } });
    expect(up.result.status).toBe("failed");
    expect(existsSync(join(services.projectDir, "..", "up"))).toBe(false);
  });

  it("an edit afterwards does not reach the store", async () => {
    const { files, services } = await stored({ "a.csv": "1" });
    const get = { get: [{ pattern: "a.csv" }] };
    await runShell("echo edited >a.csv", { services, files, task: { catalog: get } });
    const { stdout } = await runShell("cat a.csv", { services, files, task: { catalog: get } });
    expect(stdout).toBe("1");
  });
});

describe("a do-nothing catalog", () => {
  it("records digests, copies nothing, and warns", async () => {
    const services = { ...newServices(), catalog: doNothingCatalog() };
    const { result } = await put({ a: "1" }, ["a"], { services });
    expect(result).toMatchObject({ status: "success", files: [{ name: "a", digestOnly: true }] });
    const get = { get: [{ pattern: "a" }] };
    const got = await runShell("cat a", { services, files: result.files, task: { catalog: get } });
    expect(got.result.status).toBe("success");
    expect(dataOf(got.events, "warning")).toMatchObject([{ message: expect.stringContaining("do-nothing") }]);
  });
});
