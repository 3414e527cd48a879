import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { busyboxRoot, findStaticBusybox } from "../shim/roots.ts";
import { root } from "../support/build.ts";
import { type Ended, magnus, plainEnvironment, runMagnus, run as runProgram, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

/** Where the shim is installed for containers: once for all of these tests. */
const cache = mkdtempSync(path.join(tmpdir(), "magnus-cache-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const configuration = `executor:
  type: local-container
  config: {docker_image: "usual:1", environment: {SITE: "a b"}, overrides: {here: {run_in_local: true}}}
`;

/** What a step of the run before got would be found by the steps of the next one. */
function removeFetched(cwd: string): void {
  for (const name of ["a.txt", "b.txt"]) rmSync(path.join(cwd, name));
}

/** A project, and an engine that stands for docker. */
function project(files: { readonly [name: string]: string }) {
  const cwd = workspace({ "magnus-config.yaml": configuration, ...files });
  const bin = workspace();
  copyFileSync(path.join(root, "test/support/stand-in-engine.mjs"), path.join(bin, "docker"));
  chmodSync(path.join(bin, "docker"), 0o755);
  const notes = path.join(bin, "notes");
  const env = {
    PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
    XDG_CACHE_HOME: cache,
    STAND_IN_NOTES: notes,
  };
  return {
    cwd,
    env,
    run: (args: readonly string[], more: { readonly [name: string]: string } = {}): Promise<Ended> =>
      runMagnus(["run", "pipeline.yaml", ...args], { cwd, env: { ...env, ...more } }),
    notes: (): readonly Note[] =>
      existsSync(notes)
        ? readFileSync(notes, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line))
        : [],
  };
}

interface Note {
  readonly verb: string;
  readonly args: readonly string[];
  readonly image: string;
  readonly envFile: string;
  readonly mode: string;
  readonly env: { readonly [name: string]: string };
}

const everything = `parameters: {n: 20, items: [a, b]}
dag:
  start_at: first
  steps:
    first:
      {type: task, command_type: shell, command: 'export m=$((n + 1))', returns: [m], next: each}
    each:
      type: map
      iterate_on: items
      iterate_as: item
      next: loop
      branch:
        steps:
          - name: work
            type: task
            command_type: shell
            command: 'echo "$item $m" >$item.txt; export text=$item$m'
            returns: [text]
            catalog: {put: ["*.txt"]}
    loop:
      type: loop
      max_iterations: 3
      break_on: enough
      index_as: i
      next: wrong
      branch:
        steps: [{name: round, type: task, command_type: shell, command: 'export enough=$( [ "$i" = 1 ] && echo true || echo false )', returns: [enough]}]
    wrong: {type: task, command_type: shell, command: 'exit 3', max_attempts: 2, next: success, on_failure: handled}
    handled:
      {type: task, command_type: shell, command: 'cat a.txt b.txt', catalog: {get: ["*.txt"]}, next: last}
    last: {type: stub, next: success}
`;

describe.skipIf(process.platform !== "linux")("local-container", () => {
  test("leaves the run log that the local executor leaves", async () => {
    const { cwd, env, run, notes } = project({ "pipeline.yaml": everything });
    const inContainers = await run(["--run-id", "containers"]);
    expect([inContainers.code, inContainers.stdout], inContainers.stderr).toEqual([0, ""]);
    expect(notes().filter(({ verb }) => verb === "run").length).toBe(7);
    removeFetched(cwd);
    expect((await run(["--run-id", "local", "--set", "executor.type=local", "-q"])).code).toBe(0);
    const logs = ["containers", "local"].map((id) => runMagnus(["runs", "show", id, "--normalised"], { cwd, env }));
    const [one, other] = await Promise.all(logs);
    expect(one?.stdout).toBe(other?.stdout);
    expect(inContainers.stderr).toMatch(/first {2}started[\s\S]*first {2}success/);
    expect(inContainers.stderr).toContain("handled | a 21");
  });

  test("a container gets what it needs and nothing of it is shown to others", async () => {
    const { cwd, run, notes } = project({
      "pipeline.yaml": `dag:
  steps:
    - {name: tell, type: task, command_type: shell, command: 'echo "$SITE"; [ "$TOKEN" = very-secret ] && echo "$KEY" | wc -l', secrets: [TOKEN, KEY]}
    - {name: own, type: task, command_type: shell, command: 'true', image: "own:2"}
    - {name: host, type: task, command_type: shell, command: 'true', overrides: {local-container: here}}
`,
    });
    const ended = await run(["--tag", "nightly"], {
      TOKEN: "very-secret",
      KEY: "first line\nsecond line",
      OTHER: "not given",
    });
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain("tell | a b");
    expect(ended.stderr).toContain("tell | 2");
    const [first, second, ...more] = notes();
    expect(more).toEqual([]);
    expect([first?.image, second?.image]).toEqual(["usual:1", "own:2"]);
    expect(first?.mode).toBe("600");
    expect(existsSync(first?.envFile ?? "")).toBe(false);
    expect(Object.keys(first?.env ?? {}).sort()).toEqual(
      [
        "KEY",
        "MAGNUS_FOLLOWER",
        "MAGNUS_RUN_ID",
        "MAGNUS_RUN_TAG",
        "MAGNUS_SERVICES",
        "MAGNUS_WRITER",
        "SITE",
        "TOKEN",
      ].sort(),
    );
    expect(first?.env.MAGNUS_RUN_TAG).toBe("nightly");
    const line = first?.args.join(" ") ?? "";
    for (const hidden of ["very-secret", "first line", "echo"]) expect(line).not.toContain(hidden);
    expect(first?.args).toEqual(
      expect.arrayContaining(["--rm", "--user", `${process.getuid?.()}:${process.getgid?.()}`]),
    );
    expect(line).toContain(`--mount type=bind,source=${path.join(cache, "magnus")}`);
    expect(first?.args.filter((word) => word.startsWith("type=bind")).map((word) => word.endsWith(",ro"))).toEqual([
      true,
      true,
      false,
    ]);
    expect(line).toContain(`--workdir ${cwd}`);
  });

  test("run log and catalog outside of the project are mounted; options of the engine are handed on", async () => {
    const outside = workspace();
    const { run, notes } = project({
      "pipeline.yaml":
        "dag: {steps: [{name: a, type: task, command_type: shell, command: 'echo x >a.txt', catalog: {put: [a.txt]}}]}\n",
      "magnus-config.yaml": `executor:
  type: local-container
  config: {docker_image: "usual:1", auto_remove_container: false, engine_args: [--network, none]}
run_log_store: {type: file-system, config: {log_folder: "\${PLACE}/a $$ folder"}}
catalog: {type: file-system, config: {catalog_location: "\${PLACE}/catalog"}}
`,
    });
    const ended = await run([], { PLACE: outside });
    expect(ended.code, ended.stderr).toBe(0);
    const [first] = notes();
    expect(first?.args).toEqual(
      expect.arrayContaining([
        `type=bind,source=${outside}/a $ folder,target=${outside}/a $ folder`,
        `type=bind,source=${outside}/catalog,target=${outside}/catalog`,
        "--network",
      ]),
    );
    expect(first?.args).not.toContain("--rm");
  });

  test("an interrupted run: the step is told to stop, its container is removed, the code is 143", async () => {
    const { cwd, env, notes } = project({
      "pipeline.yaml": `dag:
  steps:
    - {name: wait, type: task, command_type: shell, command: "trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.05; done"}
    - {name: after, type: stub}
`,
    });
    const child = spawn(process.execPath, [magnus, "run", "pipeline.yaml", "--run-id", "r"], {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    const code = await new Promise((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (!told.includes("wait | ready") && `${told}${text}`.includes("wait | ready")) child.kill("SIGTERM");
        told += text;
      });
      child.on("close", resolve);
    });
    expect([code, told], told).toEqual([143, expect.stringContaining("wait | stopping")]);
    expect(notes().map(({ verb, args }) => [verb, args.includes("magnus-r-1")])).toEqual([
      ["run", true],
      ["rm", true],
    ]);
    const shown = await runMagnus(["runs", "show", "r", "--json"], { cwd, env });
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
  });

  test("a container that is killed is a lost step, whose handler runs; an engine that fails is a failed one", async () => {
    const { cwd, env, run } = project({
      "pipeline.yaml": `dag:
  start_at: a
  steps:
    a: {type: task, command_type: shell, command: "sleep 60", next: success, on_failure: b}
    b: {type: task, command_type: shell, command: "echo handled", overrides: {local-container: here}, next: success}
`,
    });
    const statusOf = async (id: string) =>
      JSON.parse((await runMagnus(["runs", "show", id, "--json"], { cwd, env })).stdout).steps.map(
        ({ status }: { status: string }) => status,
      );
    const killed = await run(["--run-id", "killed"], { STAND_IN_KILLS: "1000" });
    expect([killed.code, killed.stderr]).toEqual([0, expect.stringContaining("handled")]);
    expect(await statusOf("killed")).toEqual(["lost", "success"]);
    const refused = await run(["--run-id", "refused"], { STAND_IN_FAILS: "125" });
    expect([refused.code, refused.stderr]).toEqual([
      0,
      expect.stringContaining("docker could not run a container of usual:1"),
    ]);
    expect(await statusOf("refused")).toEqual(["failed", "success"]);
  });

  test("the shim of an image is installed in a volume, which containers mount", async () => {
    const { run, notes } = project({
      "pipeline.yaml": "dag: {steps: [{name: a, type: task, command_type: shell, command: 'echo here'}]}\n",
    });
    const args = ["--set", "executor.shim_image=registry.example.com/shim:1"];
    const folder = path.join(workspace(), "volume");
    expect((await runProgram(process.execPath, [shim, "install", folder], { cwd: cache })).code).toBe(0);
    const ended = await run(args, { STAND_IN_VOLUME: folder });
    expect([ended.code, ended.stderr], ended.stderr).toEqual([0, expect.stringContaining("a | here")]);
    const [installing, step] = notes();
    expect(installing).toMatchObject({ image: "registry.example.com/shim:1", command: ["install", "/magnus-volume"] });
    const volume = "type=volume,source=magnus-shim-registry.example.com-shim-1";
    expect(installing?.args).toContain(`${volume},target=/magnus-volume`);
    expect(step?.args).toContain(`${volume},target=/opt/magnus,ro`);
    const failed = await run(args, { STAND_IN_FAILS: "1" });
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining("does not install itself")]);
  });

  test("a run log in memory is refused", async () => {
    const { run } = project({ "pipeline.yaml": "dag: {steps: [{name: a, type: stub}]}\n" });
    const ended = await run(["--set", "run_log_store.type=buffered"]);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("use the run log `file-system`")]);
  });
});

/** Podman as it works here: the configuration for it, or why not. */
function podman(): { readonly env: { readonly [name: string]: string }; readonly image: string } | string {
  if (spawnSync("podman", ["--version"]).status !== 0) return "podman is not installed";
  const busybox = findStaticBusybox();
  if (busybox === undefined) return "no static busybox for an image";
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-image-"));
  const image = "localhost/magnus-test:1";
  busyboxRoot(folder, busybox, ["sh", "cat", "id", "sleep", "true"]);
  mkdirSync(path.join(folder, "tmp"));
  chmodSync(path.join(folder, "tmp"), 0o1777);
  const made = spawnSync("sh", ["-c", `tar -C "$0" -c . | podman import - ${image}`, folder], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  if (made.status !== 0) return `no image can be made: ${made.stderr.trim()}`;
  const tried = spawnSync("podman", ["run", "--rm", "--network", "none", image, "/bin/true"], { encoding: "utf8" });
  return tried.status === 0 ? { env: passedOn(), image } : `no container can be run: ${tried.stderr.trim()}`;
}

/** How this machine's podman is set up. */
function passedOn(): { readonly [name: string]: string } {
  const { CONTAINERS_CONF: file } = process.env;
  return file === undefined ? {} : { CONTAINERS_CONF: file };
}

afterAll(() => {
  if (typeof real !== "string") spawnSync("podman", ["rmi", "--force", real.image]);
});
const real = process.platform === "linux" ? podman() : "containers are Linux's";
if (typeof real === "string") process.stderr.write(`not tested: local-container with podman: ${real}\n`);

describe.skipIf(typeof real === "string")("local-container with podman", () => {
  const { env, image } = typeof real === "string" ? { env: {}, image: "" } : real;
  const withPodman = `executor:
  type: local-container
  config: {docker_image: "${image}", engine: podman, engine_args: [--network, none]}
`;

  test("runs steps in containers, as the caller, with the project's files", async () => {
    const { cwd, env: own } = project({ "pipeline.yaml": everything, "magnus-config.yaml": withPodman });
    const options = { cwd, env: { ...own, ...env } };
    const ended = await runMagnus(["run", "pipeline.yaml", "--run-id", "containers"], options);
    expect(ended.code, ended.stderr).toBe(0);
    removeFetched(cwd);
    await runMagnus(["run", "pipeline.yaml", "--run-id", "local", "--set", "executor.type=local", "-q"], options);
    const logs = ["containers", "local"].map((id) => runMagnus(["runs", "show", id, "--normalised"], options));
    const [one, other] = await Promise.all(logs);
    expect(one?.stdout).toBe(other?.stdout);
  });

  test("an image that is not there: the step fails and says so", async () => {
    const { cwd, env: own } = project({
      "pipeline.yaml":
        "dag: {steps: [{name: a, type: task, command_type: shell, command: 'true', image: 'localhost/no-such:1'}]}\n",
      "magnus-config.yaml": withPodman,
    });
    const ended = await runMagnus(["run", "pipeline.yaml"], { cwd, env: { ...own, ...env } });
    expect([ended.code, ended.stderr]).toEqual([
      1,
      expect.stringContaining("podman could not run a container of localhost/no-such:1"),
    ]);
  });
});
