import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/build.ts";
import { runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const programs = [
  "aws-credentials.cjs",
  "install.cjs",
  "launcher-arm64",
  "launcher-x64",
  "shim.cjs",
  "start.cjs",
  "stores.cjs",
  "task.mjs",
  "tracker.cjs",
];
const files = ["Dockerfile", "LICENSE", "THIRD-PARTY-LICENSES.txt", ...programs];

test("writes the build context and says how the configured image is built and pushed", async () => {
  const cwd = workspace({
    "magnus-config.yaml": "targets: {argo: {shim_image: 'registry.example.com/shim:1'}}\n",
  });
  const { code, stdout, stderr } = await runMagnus(["shim", "image"], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  const folder = path.join(cwd, "magnus-shim-image");
  expect(readdirSync(folder).sort()).toEqual(files);
  for (const name of [...programs, "THIRD-PARTY-LICENSES.txt"]) {
    const [written, built] = [path.join(folder, name), path.join(root, "dist", name)].map((file) => readFileSync(file));
    expect(written?.equals(built ?? Buffer.alloc(0)), name).toBe(true);
  }
  expect(statSync(path.join(folder, "launcher-x64")).mode & 0o111).not.toBe(0);
  expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([
    "  docker build -t registry.example.com/shim:1 magnus-shim-image",
    "  docker push registry.example.com/shim:1",
  ]);
  // Nothing but what the context has, and no registry but the base image's own.
  const dockerfile = readFileSync(path.join(folder, "Dockerfile"), "utf8");
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = ""]) => names.split(" "));
  for (const name of copied)
    expect(
      files.some((file) => new RegExp(`^${name.replace("*", ".*")}$`).test(file)),
      name,
    ).toBe(true);
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
    expect.stringContaining("NODE_IMAGE"),
    "scratch",
  ]);
});

test("writes only what differs; --check says what does, and writes nothing", async () => {
  const cwd = workspace();
  const image = (...args: string[]) => runMagnus(["shim", "image", "-o", "context", ...args], { cwd });
  const json = async (...args: string[]) => JSON.parse((await image("--json", ...args)).stdout);
  expect(await json()).toMatchObject({
    image: expect.stringMatching(/^REGISTRY\/magnus-shim:\d/),
    files: expect.arrayContaining(files.map((name) => ({ path: `context/${name}`, state: "new" }))),
    commands: [expect.stringMatching(/^docker build -t /), expect.stringMatching(/^docker push /)],
  });
  expect(await image("--check")).toMatchObject({ code: 0, stdout: "" });
  appendFileSync(path.join(cwd, "context/launcher-x64"), "x");
  rmSync(path.join(cwd, "context/Dockerfile"));
  const checked = await image("--check");
  expect(checked.code).toBe(1);
  expect(checked.stdout).toContain("context/launcher-x64: differs");
  expect(checked.stdout).toContain("+FROM scratch");
  const states = Object.fromEntries(
    (await json()).files.map(({ path: name, state }: { path: string; state: string }) => [name, state]),
  );
  expect(states).toMatchObject({
    "context/Dockerfile": "new",
    "context/launcher-x64": "changed",
    "context/LICENSE": "same",
  });
  expect((await image("--check")).code).toBe(0);
});

test("where nothing can be written: one diagnostic, exit 2", async () => {
  const cwd = workspace({ context: "a file" });
  const { code, stdout, stderr } = await runMagnus(["shim", "image", "-o", "context"], { cwd });
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("error[cannot-write]")]);
});
