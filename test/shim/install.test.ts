import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/build.ts";
import { run, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const install = (folder: string, cwd: string, program = [process.execPath, shim]) =>
  run(program[0] ?? "", [...program.slice(1), "install", folder], { cwd });

describe.skipIf(process.platform !== "linux")("install", () => {
  test("what it copies runs by itself: no shell, no PATH, nothing of the system's libraries", async () => {
    const cwd = workspace();
    expect(await install("tools", cwd)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const ended = await run(path.join(cwd, "tools/magnus-shim"), ["version"], { cwd, env: { PATH: "" } });
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringMatching(/^magnus-shim \d/)]);
    const script = "console.log(require('fs').readFileSync('/proc/self/maps', 'utf8'))";
    const maps = (await run(path.join(cwd, "tools/node"), ["-e", script], { cwd })).stdout;
    const used = new Set(maps.split("\n").flatMap((line) => /r-xp.* (\/.+)$/.exec(line)?.[1] ?? []));
    expect([...used].filter((file) => !file.startsWith(path.join(cwd, "tools/lib/")))).toEqual([]);
  });

  test("any user can read and start all of it, and write none", async () => {
    const cwd = workspace();
    await run("sh", ["-c", `umask 077 && exec "$0" "$1" install tools`, process.execPath, shim], { cwd });
    const modes = readdirSync(path.join(cwd, "tools"), { recursive: true, encoding: "utf8" }).map((name) => {
      const entry = lstatSync(path.join(cwd, "tools", name));
      return [name, (entry.mode & (entry.isDirectory() ? 0o555 : 0o777)).toString(8)];
    });
    expect(modes.filter(([name, mode]) => mode !== (name === "installed" ? "444" : "555"))).toEqual([]);
    // The loader, and what node tasks import.
    expect(modes.map(([name]) => name)).toEqual(expect.arrayContaining(["lib/ld.so", "task.mjs"]));
  });

  test("what is there stays; what is missing or different is replaced; nothing else is touched", async () => {
    const cwd = workspace({ "tools/mine": "kept" });
    await install("tools", cwd);
    const node = path.join(cwd, "tools/lib/node");
    const { ino } = statSync(node);
    expect((await install("tools", cwd)).code).toBe(0);
    expect(statSync(node).ino).toBe(ino);
    rmSync(path.join(cwd, "tools/lib/libc.so.6"));
    expect((await install("tools", cwd)).code).toBe(0);
    expect(existsSync(path.join(cwd, "tools/lib/libc.so.6"))).toBe(true);
    expect(statSync(node).ino).not.toBe(ino);
    expect(readFileSync(path.join(cwd, "tools/mine"), "utf8")).toBe("kept");
    expect(readdirSync(path.join(cwd, "tools")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("an installed shim installs itself, the same, and where nothing of the system is needed", async () => {
    const cwd = workspace();
    await install("first", cwd);
    expect((await install("second", cwd, [path.join(cwd, "first/magnus-shim")])).code).toBe(0);
    const files = (folder: string) =>
      readdirSync(path.join(cwd, folder), { recursive: true, encoding: "utf8" }).sort().join("\n");
    expect(files("second")).toBe(files("first"));
    expect(readFileSync(path.join(cwd, "second/installed"), "utf8")).toBe(
      readFileSync(path.join(cwd, "first/installed"), "utf8"),
    );
    rmSync(path.join(cwd, "first"), { recursive: true });
    expect((await run(path.join(cwd, "second/magnus-shim"), ["version"], { cwd })).code).toBe(0);
  });

  test("a folder that was moved still works, and so does a link to the launcher", async () => {
    const cwd = workspace();
    await install("tools", cwd);
    const moved = await run(
      "sh",
      ["-c", "mv tools 'other place' && ln -s 'other place/magnus-shim' shim && ./shim version"],
      { cwd },
    );
    expect([moved.code, moved.stderr]).toEqual([0, ""]);
  });

  test("what an image says to its own Node and loader does not reach this one, and the task has it back", async () => {
    const cwd = workspace();
    await install("tools", cwd);
    const env = { NODE_OPTIONS: "--no-such-option", LD_PRELOAD: "/no/such.so", NODE_PATH: "/mine", MAGNUS_RUN_ID: "r" };
    const element = { node: "a", start: true };
    const spec = {
      path: [element],
      run: { pipeline: "p", digest: "sha256:0", parameters: {} },
      task: {
        command: `printf "%s|" "$NODE_OPTIONS" "$LD_PRELOAD" "$NODE_PATH" "\${MAGNUS_SAVED_LD_PRELOAD-none}"`,
        type: "shell",
      },
    };
    const args = ["run", "--spec", JSON.stringify(spec)];
    const ended = await run(path.join(cwd, "tools/magnus-shim"), args, { cwd, env });
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toBe("--no-such-option|/no/such.so|/mine|none|");
  });

  test("where it cannot write: one line that says why", async () => {
    const cwd = workspace({ file: "" });
    for (const folder of ["/proc/tools", "file/tools"]) {
      const ended = await install(folder, cwd);
      expect([ended.code, ended.stderr.trimEnd().split("\n").length], ended.stderr).toEqual([1, 1]);
      expect(ended.stderr).toContain(`cannot install into ${folder}`);
    }
    expect((await install("a", cwd, [process.execPath, shim, "install", "b"])).code).toBe(64);
  });

  test("several that install into one folder at the same time leave it whole", async () => {
    const cwd = workspace();
    const all = await Promise.all([1, 2, 3].map(() => install("tools", cwd)));
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual([1, 2, 3].map(() => [0, ""]));
    expect((await run(path.join(cwd, "tools/magnus-shim"), ["version"], { cwd })).code).toBe(0);
    const names = readdirSync(path.join(cwd, "tools"));
    expect(names.filter((name) => name.endsWith(".v8"))).toHaveLength(1);
    expect(names.filter((name) => !name.endsWith(".v8")).sort()).toEqual([
      "aws-credentials.cjs",
      "install.cjs",
      "installed",
      "lib",
      "magnus-shim",
      "node",
      "shim.cjs",
      "start.cjs",
      "stores.cjs",
      "task.mjs",
      "tracker.cjs",
    ]);
  });

  test("a shim without what belongs beside it says so", async () => {
    const cwd = workspace();
    for (const [copied, missing] of [
      ["shim.cjs", "install.cjs"],
      ["install.cjs", "launcher"],
      [`launcher-${process.arch}`, "task.mjs"],
      ["task.mjs", "tracker.cjs"],
      ["tracker.cjs", "aws-credentials.cjs"],
      ["aws-credentials.cjs", "stores.cjs"],
    ] as const) {
      copyFileSync(path.join(path.dirname(shim), copied), path.join(cwd, copied));
      const { code, stderr } = await install("tools", cwd, [process.execPath, path.join(cwd, "shim.cjs")]);
      const message = new RegExp(`^magnus-shim: install: no ${missing} (in|beside) .*\n$`);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
    expect(existsSync(path.join(cwd, "tools"))).toBe(false);
  });

  test("a full disk: how much is needed, and nothing is left behind", async () => {
    const cwd = workspace();
    mkdirSync(path.join(cwd, "small"));
    const script = 'mount -t tmpfs -o size=20m none small && { "$0" "$1" install small; echo $?; ls -A small; }';
    const ended = await run("unshare", ["-m", "sh", "-c", script, process.execPath, shim], { cwd });
    if (/not permitted|denied/i.test(ended.stderr)) {
      process.stderr.write("not tested: a full disk, since nothing can be mounted here\n");
      return;
    }
    expect(ended.stderr).toMatch(/cannot install into small: no space left; \d+ MiB are needed/);
    expect(ended.stdout).toBe("1\n");
  });

  test.for([
    ["x64", 0x3e],
    ["arm64", 0xb7],
  ] as const)("the launcher for %s is a program of that processor which needs no library", ([processor, machine]) => {
    const bytes = readFileSync(path.join(root, `dist/launcher-${processor}`));
    expect([bytes.toString("latin1", 0, 4), bytes.readUInt16LE(18)]).toEqual(["\u007fELF", machine]);
    const types = Array.from({ length: bytes.readUInt16LE(56) }, (_, i) =>
      bytes.readUInt32LE(Number(bytes.readBigUInt64LE(32)) + i * bytes.readUInt16LE(54)),
    );
    // PT_DYNAMIC, PT_INTERP
    expect(types.filter((type) => type === 2 || type === 3)).toEqual([]);
  });

  const emulator = "qemu-aarch64-static";
  const noEmulator = spawnSync(emulator, ["--version"]).status !== 0;
  if (noEmulator) process.stderr.write(`not tested: the launcher for arm64 at work, since ${emulator} is missing\n`);
  test.skipIf(noEmulator)(
    "the launcher for arm64 starts the loader beside it with Node, the shim and the arguments",
    async () => {
      const cwd = workspace();
      copyFileSync(path.join(root, "dist/launcher-arm64"), path.join(cwd, "magnus-shim"));
      const { code, stderr } = await run(emulator, ["-strace", path.join(cwd, "magnus-shim"), "run", "two words"], {
        cwd,
      });
      const argv = ["lib/ld.so", "lib", "lib/node", "start.cjs"].map((name) => JSON.stringify(path.join(cwd, name)));
      expect(stderr).toContain(
        `{${[argv[0], '"--inhibit-cache"', '"--library-path"', ...argv.slice(1), '"run"', '"two words"', "NULL"].join(",")}}`,
      );
      expect([code, stderr]).toEqual([127, expect.stringContaining("lib/ld.so")]);
    },
  );
});
