/** Steps in containers of the podman of this machine, where it has one that works. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { busyboxRoot, findStaticBusybox } from "../shim/roots.ts";
import { containerProject, everything, removeFetched } from "../support/container-project.ts";
import { magnus, plainEnvironment, runMagnus } from "../support/programs.ts";

/** Podman as it works here: the configuration for it, or why not. */
function podman(): { readonly env: { readonly [name: string]: string }; readonly image: string } | string {
  if (spawnSync("podman", ["--version"]).status !== 0) return "podman is not installed";
  const busybox = findStaticBusybox();
  if (busybox === undefined) return "no static busybox for an image";
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-image-"));
  const image = "localhost/magnus-test:1";
  busyboxRoot(folder, busybox, ["sh", "cat", "grep", "id", "sleep", "true"]);
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
    const { cwd, env: own } = containerProject({ "pipeline.yaml": everything, "magnus-config.yaml": withPodman });
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
    const { cwd, env: own } = containerProject({
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

  test("what a step leaves behind is reaped", async () => {
    const { cwd, env: own } = containerProject({
      "pipeline.yaml": `dag:
  steps:
    - name: a
      type: task
      command_type: shell
      command: |
        for i in 1 2 3 4; do (true &); done
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
          grep -q "^State:.Z" /proc/[0-9]*/status 2>/dev/null || exit 0
          sleep 0.1
        done
        exit 3
`,
      "magnus-config.yaml": withPodman,
    });
    const ended = await runMagnus(["run", "pipeline.yaml"], { cwd, env: { ...own, ...env } });
    expect(ended.code, ended.stderr).toBe(0);
  });

  test("a container ends with a magnus that is killed", async () => {
    const { cwd, env: own } = containerProject({
      "pipeline.yaml": `dag:
  steps:
    - {name: a, type: task, command_type: shell, command: "cat; trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"}
`,
      "magnus-config.yaml": withPodman,
    });
    const child = spawn(process.execPath, [magnus, "run", "pipeline.yaml", "--run-id", "killed"], {
      cwd,
      env: { ...plainEnvironment(), ...own, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
      if (told.includes("a | ready")) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.on("exit", resolve));
    expect(told).toContain("a | ready");
    const names = () => spawnSync("podman", ["ps", "--all", "--format", "{{.Names}}"], { encoding: "utf8" }).stdout;
    while (names().includes("magnus-killed-1")) await new Promise((resolve) => setTimeout(resolve, 100));
    const shown = await runMagnus(["runs", "show", "killed", "--json"], { cwd, env: own });
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
  });
});
