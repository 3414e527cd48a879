import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container, Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { runPod } from "../../../src/simulate/argo/pods/run-pod.ts";

let project = "";
beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), "magnus-pod-test-"));
  mkdirSync(path.join(project, "sub"));
  writeFileSync(path.join(project, "sub/data.txt"), "of the project");
  symlinkSync("sub/data.txt", path.join(project, "link"));
  writeFileSync(path.join(project, "shim.js"), "console.log('shim ' + process.argv.slice(2).join(' '))");
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

interface Run {
  readonly main: Omit<Container, "name">;
  readonly init?: readonly Container[];
  readonly more?: Partial<Pod>;
}

async function run({ main, init = [], more = {} }: Run): Promise<PodEnd & { readonly printed: string }> {
  let printed = "";
  const pod: Pod = {
    name: "pod",
    node: ".a",
    initContainers: init,
    main: {
      ...main,
      name: "main",
      volumeMounts: [
        { name: "own", mountPath: "/magnus" },
        { name: "runs", mountPath: "/mnt/runs" },
      ],
    },
    volumes: [
      { name: "own", emptyDir: {} },
      { name: "runs", persistentVolumeClaim: { claimName: "claim" } },
    ],
    outputs: [
      { name: "out", path: "/magnus/out", default: "none" },
      { name: "missing", path: "/magnus/missing" },
    ],
    signal: new AbortController().signal,
    ...more,
  };
  const end = await runPod(pod, {
    claim: (name) => path.join(project, `.claims/${name}`),
    secret: (name, key) => (name === "vault" && key === "TOKEN" ? "$(HOME) correct" : undefined),
    shim: path.join(project, "shim.js"),
    project,
    output: () => ({ write: (text) => (printed += text) }),
  });
  return { ...end, printed };
}

const sh = (script: string, env: Container["env"] = []): Omit<Container, "name"> => ({
  command: ["sh", "-c", script],
  env,
});

test("mount paths are replaced in commands and values, and left in arguments", async () => {
  const { printed, exit, outputs } = await run({
    main: {
      command: ["sh", "-c", 'echo "$D" "$1"; echo out >/magnus/out', "sh"],
      args: ["/magnus/x"],
      env: [{ name: "D", value: "at /magnus/y, /magnusx" }],
    },
  });
  expect(exit).toBe(0);
  expect(printed).toMatch(/^at \/.*\/own\/y, \/magnusx \/magnus\/x\n$/);
  expect(outputs).toEqual({ out: "out\n" });
});

test("a claim stays, an emptyDir and the working directory do not, and the project is a copy", async () => {
  await run({
    main: sh(
      "echo kept >/mnt/runs/file; cp /magnus/gone /mnt/runs/; echo changed >sub/data.txt; cat link >/mnt/runs/link",
    ),
  });
  expect(readFileSync(path.join(project, ".claims/claim/file"), "utf8")).toBe("kept\n");
  expect(existsSync(path.join(project, ".claims/claim/gone"))).toBe(false);
  expect(readFileSync(path.join(project, "sub/data.txt"), "utf8")).toBe("of the project");
  expect(readFileSync(path.join(project, ".claims/claim/link"), "utf8")).toBe("of the project");
});

test("the environment is the container's, and references to variables are those of Kubernetes", async () => {
  const { printed } = await run({
    main: {
      command: ["sh", "-c", 'echo "$A|$B|$T|$LC_ALL|${NODE_ENV-unset}|$1|$2"', "sh"],
      args: ["$(A) $(NOPE) $$(A) $$", "$(T)"],
      env: [
        { name: "A", value: "a" },
        { name: "B", value: "$(A)b" },
        { name: "T", valueFrom: { secretKeyRef: { name: "vault", key: "TOKEN" } } },
      ],
    },
  });
  expect(printed).toBe("a|ab|$(HOME) correct|C.UTF-8|unset|a $(NOPE) $(A) $|$(HOME) correct\n");
});

test("a secret that is missing keeps the container from starting, unless it is optional", async () => {
  const key = { name: "vault", key: "NONE" };
  const env = (secretKeyRef: object): Container["env"] => [
    { name: "T", valueFrom: { secretKeyRef: { ...key, ...secretKeyRef } } },
  ];
  expect(await run({ main: sh("true", env({})) })).toMatchObject({
    exit: 128,
    waiting: "couldn't find key NONE in Secret vault",
  });
  expect((await run({ main: sh('test -z "${T+set}"', env({ optional: true })) })).exit).toBe(0);
});

test("init containers come first; one that fails is the end", async () => {
  const volumeMounts = [{ name: "own", mountPath: "/elsewhere" }];
  const first: Container = { name: "first", ...sh("echo made >/elsewhere/out"), volumeMounts };
  expect((await run({ init: [first], main: sh("true") })).outputs).toEqual({ out: "made\n" });
  const second: Container = { name: "second", ...sh("exit 3") };
  const { printed, ...end } = await run({ init: [first, second], main: sh("echo never") });
  expect(end).toEqual({ exit: 3, initExit: 3, initContainer: "second", outputs: {} });
  expect(printed).toBe("");
});

describe("the shim", () => {
  test("is there after it was installed, and in images that have it", async () => {
    const install: Container = {
      name: "magnus-shim",
      command: ["magnus-shim"],
      args: ["install", "/m"],
      volumeMounts: [{ name: "own", mountPath: "/m" }],
    };
    expect(
      (await run({ init: [install], main: { command: ["/magnus/magnus-shim"], args: ["run", "a b"] } })).printed,
    ).toBe("shim run a b\n");
    expect((await run({ main: { command: ["magnus-shim"], args: ["verdict"] } })).printed).toBe("shim verdict\n");
  });
});

test("an argument of more than 128 KiB is handed over as a file", async () => {
  const long = "x".repeat(131_073);
  const { printed } = await run({
    main: { command: ["sh", "-c", 'case $1 in @*) wc -c <"${1#@}" ;; esac', "sh"], args: [long] },
  });
  expect(Number(printed)).toBe(long.length);
});

test("nothing is expanded in arguments that go by a file", async () => {
  const script = 'printf "%s|" "$2" "$3"';
  const short = await run({
    main: { command: ["sh", "-c", script, "sh"], args: ["x", "$$", "$(A)"], env: [{ name: "A", value: "a" }] },
  });
  expect(short.printed).toBe("$|a|");
  const args = ["x".repeat(140_000), "$$", "$(A)"];
  expect(
    (await run({ main: { command: ["sh", "-c", script, "sh"], args, env: [{ name: "A", value: "a" }] } })).printed,
  ).toBe("$$|$(A)|");
});

test("what cannot be started ends with 128, a signal with 128 and its number", async () => {
  expect(await run({ main: { command: ["/no/such/program"] } })).toMatchObject({ exit: 128 });
  // Kubernetes makes one dollar of two.
  expect((await run({ main: sh("kill -TERM $$$$") })).exit).toBe(143);
});

test("a deadline and an abort end everything that was started", async () => {
  const sleeping = sh("sleep 60 & echo $! >/mnt/runs/pid; wait");
  expect(await run({ main: sleeping, more: { activeDeadlineSeconds: 1 } })).toMatchObject({
    exit: 143,
    deadlineExceeded: true,
  });
  const pid = Number(readFileSync(path.join(project, ".claims/claim/pid"), "utf8"));
  const gone = (): boolean => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  await expect.poll(gone).toBe(true);
  const abort = new AbortController();
  const running = run({ main: sleeping, more: { signal: abort.signal } });
  abort.abort();
  expect(await running).toMatchObject({ exit: 143 });
});

describe("volumes", () => {
  test.each([
    [{ name: "runs", persistentVolumeClaim: { claimName: "../../outside" } }, "no PersistentVolumeClaim can be named"],
    [{ name: "runs", persistentVolumeClaim: { claimName: "a/b" } }, "no PersistentVolumeClaim can be named"],
    [{ name: "../runs", emptyDir: {} }, "no volume can be named"],
  ])("%j: no pod starts, and no folder is made", async (volume, told) => {
    const { exit, waiting } = await run({ main: sh("true"), more: { volumes: [volume] } });
    expect(exit).toBe(128);
    expect(waiting).toContain(told);
    expect(existsSync(path.join(project, "../outside"))).toBe(false);
  });

  test("folders of any name stay what they are in JSON, and in other variables", async () => {
    const folder = path.join(project, "a\"b $(HOME) $$ {{x}} '\\");
    const container = {
      ...sh('printf "%s\\n%s" "$SERVICES" "$PLACE"', [
        { name: "SERVICES", value: '{"log_folder":"/mnt/runs/logs"}' },
        { name: "PLACE", value: "/mnt/runs" },
      ]),
      name: "main",
      volumeMounts: [{ name: "runs", mountPath: "/mnt/runs" }],
    };
    const pod: Pod = {
      name: "pod",
      node: ".a",
      initContainers: [],
      main: container,
      volumes: [{ name: "runs", persistentVolumeClaim: { claimName: "claim" } }],
      outputs: [],
      signal: new AbortController().signal,
    };
    let printed = "";
    const end = await runPod(pod, {
      claim: () => folder,
      secret: () => undefined,
      shim: path.join(project, "shim.js"),
      project,
      output: () => ({ write: (text) => (printed += text) }),
    });
    const [services = "", place] = printed.split("\n");
    expect(end.exit).toBe(0);
    expect(JSON.parse(services)).toEqual({ log_folder: path.join(folder, "logs") });
    expect(place).toBe(folder);
  });
});
