/** Steps in containers; the engine stands for docker and runs them in place. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { cache, containerProject, everything, removeFetched } from "../support/container-project.ts";
import { magnus, plainEnvironment, runMagnus, run as runProgram, shim } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

describe.skipIf(process.platform !== "linux")("local-container", () => {
  test("leaves the run log that the local executor leaves", async () => {
    const { cwd, env, run, notes } = containerProject({ "pipeline.yaml": everything });
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
    const { cwd, run, notes } = containerProject({
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
    const { run, notes } = containerProject({
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
    const { cwd, env, notes } = containerProject({
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
    const { cwd, env, run } = containerProject({
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
    const { run, notes } = containerProject({
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

  test("a magnus that is killed: its step is told to stop, and the run log says so", async () => {
    const { cwd, env } = containerProject({
      "pipeline.yaml": `dag:
  steps:
    - {name: wait, type: task, command_type: shell, command: "cat; trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.05; done"}
    - {name: after, type: stub}
`,
    });
    const child = spawn(process.execPath, [magnus, "run", "pipeline.yaml", "--run-id", "r"], {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
      if (told.includes("wait | ready")) child.kill("SIGKILL");
    });
    expect(await ended, told).toBe("SIGKILL");
    const shown = async () => JSON.parse((await runMagnus(["runs", "show", "r", "--json"], { cwd, env })).stdout);
    let run = await shown();
    while (run.status === "running") run = await shown();
    expect(run).toMatchObject({
      status: "cancelled",
      steps: [{ status: "cancelled", attempts: [{ message: "stopped by the end of magnus run" }] }],
    });
    expect(run.steps.length).toBe(1);
  });

  test("an engine that does not answer, with its remedy; one that is podman by another name", async () => {
    const { run, notes } = containerProject({
      "pipeline.yaml": "dag: {steps: [{name: a, type: task, command_type: shell, command: 'true'}]}\n",
    });
    const down = await run([], { STAND_IN_IS_DOWN: "1" });
    expect([down.code, down.stderr]).toEqual([
      2,
      expect.stringContaining("docker cannot run containers now: Cannot connect to the daemon of the stand-in"),
    ]);
    expect(down.stderr).toContain("start its daemon");
    expect(notes()).toEqual([]);
    const ended = await run([], { STAND_IN_VERSION: "Client: Podman Engine" });
    expect(ended.code, ended.stderr).toBe(0);
    const keeps = process.getuid?.() !== 0;
    expect(notes()[0]?.args.includes("keep-id")).toBe(keeps);
  });

  test("why a container could not be run is in the step's record", async () => {
    const { cwd, env, run } = containerProject({
      "pipeline.yaml": "dag: {steps: [{name: a, type: task, command_type: shell, command: 'true'}]}\n",
    });
    const said =
      "Unable to find image 'usual:1' locally\ndocker: Error response from daemon: pull access denied for usual\n\nRun 'docker run --help' for more information\n";
    const messageOf = async (id: string, more: { readonly [name: string]: string }) => {
      const ended = await run(["--run-id", id], more);
      expect(ended.code, ended.stderr).toBe(1);
      const shown = await runMagnus(["runs", "show", id, "--json"], { cwd, env });
      return JSON.parse(shown.stdout).steps[0].attempts[0].message;
    };
    expect(await messageOf("image", { STAND_IN_FAILS: "125", STAND_IN_SAYS: said })).toBe(
      "docker could not run a container of usual:1: pull access denied for usual; build or pull the image, or name another",
    );
    const unknown = { STAND_IN_FAILS: "125", STAND_IN_SAYS: "unknown flag: --no\nSee 'docker run --help'.\n" };
    expect(await messageOf("flag", unknown)).toBe("docker could not run a container of usual:1: unknown flag: --no");
    expect(await messageOf("shim", { STAND_IN_FAILS: "127" })).toContain("name a `shim_image`");
    expect(await messageOf("other", { STAND_IN_FAILS: "74", STAND_IN_SAYS: "magnus-shim: cannot read\n" })).toBe(
      "its container ended before the step did: magnus-shim: cannot read",
    );
  });

  test("a run log in memory is refused", async () => {
    const { run } = containerProject({ "pipeline.yaml": "dag: {steps: [{name: a, type: stub}]}\n" });
    const ended = await run(["--set", "run_log_store.type=buffered"]);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("use the run log `file-system`")]);
  });
});
