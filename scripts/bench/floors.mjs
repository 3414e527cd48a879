// Measures magnus against floors measured in the same run and prints ratios. Times of one machine on one day mean
// little; ratios hold better. Nothing here passes or fails.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { measure as measured } from "./measure.mjs";
import { options } from "./options.mjs";
import { chain as chainText, map as mapText } from "./pipelines.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const magnus = path.join(root, "dist/magnus.js");
const shim = path.join(root, "dist/start.cjs");
const work = mkdtempSync(path.join(tmpdir(), "magnus-bench-"));
const repeats = options.times ?? 5;
spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });

const measure = (args, { times = repeats, command = process.execPath, prepare } = {}) =>
  measured(command, args, { times, prepare, cwd: work });
const chain = (count) => file(`chain-${count}.yaml`, chainText(count));
const map = (items) => file(`map-${items}.yaml`, mapText(items));

const ms = (value) => `${value.toFixed(0)} ms`.padStart(9);
const say = (what, value, compared) => console.log(`${what.padEnd(46)} ${value}   ${compared}`);
const ratio = (a, b) => `${(a / b).toFixed(2)} ×`;

console.log(`medians of ${repeats}; CPU time of the whole process tree unless said otherwise\n`);

const node = measure(["-e", "0"], { times: repeats * 3 });
say("node -e 0 (floor)", ms(node.cpu), "");
const help = measure([magnus, "--help"], { times: repeats * 3 });
say(
  "magnus --help",
  ms(help.cpu),
  `${ratio(help.cpu, node.cpu)} the floor, wall ${ratio(help.wall, node.wall)} (aim 1.5)`,
);
const shimVersion = measure([shim, "version"], { times: repeats * 3 });
say(
  "magnus-shim version",
  ms(shimVersion.cpu),
  `${ratio(shimVersion.cpu, node.cpu)} the floor, wall ${ratio(shimVersion.wall, node.wall)} (aim 1.3)`,
);
say(
  "magnus-shim bundle",
  `${(statSync(path.join(root, "dist/shim.cjs")).size / 1024).toFixed(0)} KB`.padStart(9),
  "(aim 150 KB)",
);
const check = measure([magnus, "check", chain(100)]);
say("magnus check, 100 steps, wall", ms(check.wall), "(aim 200 ms)");

console.log("\ncompile a chain to shell; the floor is parseDocument of the yaml package on the same file");
for (const steps of [1000, 5000, 10_000]) {
  const pipeline = chain(steps);
  const program = `import("${path.join(root, "node_modules/yaml/dist/index.js")}").then((m) => (m.default ?? m).parseDocument(require("fs").readFileSync("${pipeline}", "utf8"), { uniqueKeys: false }))`;
  const floor = measure(["-e", program]);
  const compiled = measure([magnus, "compile", pipeline, "--target", "shell", "-o", "-"]);
  const beside = (compiled.cpu - floor.cpu) / (floor.cpu - node.cpu);
  say(
    `${steps} steps`,
    ms(compiled.cpu),
    `parse ${ms(floor.cpu).trim()}, all else ${beside.toFixed(2)} × parsing (aim 0.5), ${compiled.memory.toFixed(0)} MB`,
  );
}

console.log("\nlocal run of tasks that run `true`; the floor spawns the same commands from a bare Node loop");
const loop = (count, atOnce) => `
const { spawn } = require("child_process");
let left = ${count};
const next = () => { if (left-- > 0) spawn("/bin/sh", ["-c", "true"], { stdio: ["ignore", "pipe", "pipe"], detached: true }).on("close", next); };
for (let i = 0; i < ${atOnce}; i++) next();`;
for (const [shape, pipelineOf] of [
  ["chain", chain],
  ["map", map],
]) {
  for (const tasks of [100, 1000, 10_000]) {
    const times = tasks > 1000 ? 1 : Math.min(repeats, 3);
    const floor = measure(["-e", loop(tasks, shape === "map" ? 2 : 1)], { times });
    const ran = measure([magnus, "run", pipelineOf(tasks), "-q"], { times });
    const each = (ran.cpu - floor.cpu) / tasks;
    say(
      `${shape} of ${tasks}, per task`,
      `${(ran.cpu / tasks).toFixed(2)} ms`.padStart(9),
      `${each.toFixed(2)} ms beyond spawn (aim 4), ${ratio(ran.cpu, floor.cpu)} the floor, wall ${(ran.wall / 1000).toFixed(1)} s, ${ran.memory.toFixed(0)} MB`,
    );
    rmSync(path.join(work, ".magnus"), { recursive: true, force: true });
  }
}
console.log(
  "\nsteps by the shim, in a compiled chain of 50; the floor is a Node that does nothing but start the same command",
);
process.env.MAGNUS_SHIM = shim;
/** A chain as a script that runs anew each time. */
function script(text) {
  const pipeline = file("steps.yaml", text);
  const compiled = spawnSync(process.execPath, [magnus, "compile", pipeline, "-t", "shell", "-q"], { cwd: work });
  if (compiled.status !== 0) throw new Error(`${compiled.stderr}`);
  return ["./steps.sh"];
}
const sh = { command: "/bin/sh" };
const python = measure(["-c", "exec python3 -c pass"], { ...sh, times: repeats * 3 });
writeFileSync(
  path.join(work, "starter.cjs"),
  'require("child_process").spawn("/bin/sh", ["-c", "true"], { stdio: ["ignore", "pipe", "pipe"], detached: true });',
);
const starter = measure(["starter.cjs"], { times: repeats * 3 });
say("a Node that starts the command (floor)", ms(starter.cpu), `${ratio(starter.cpu, node.cpu)} node -e 0`);
const shellSteps = measure(script(chainText(50, "command_type: shell, command: 'true'")), { ...sh, times: 3 });
say(
  "a shell step, all of it",
  ms(shellSteps.cpu / 50),
  `${(shellSteps.cpu / 50 - starter.cpu).toFixed(1)} ms beyond the floor, ${((shellSteps.cpu / 50 - starter.cpu) / node.cpu).toFixed(2)} × node -e 0; wall ${(shellSteps.wall / 50 - starter.wall).toFixed(1)} ms (aim 15)`,
);
writeFileSync(path.join(work, "work.py"), "def nothing():\n    pass\n");
const pythonSteps = measure(script(chainText(50, "command: work.nothing")), { ...sh, times: 3 });
say(
  "a Python step, all of it",
  ms(pythonSteps.cpu / 50),
  `${ratio(pythonSteps.cpu / 50, python.cpu + node.cpu)} python3 -c pass and Node, wall ${ratio(pythonSteps.wall / 50, python.wall + node.wall)} (aim 2)`,
);

// What a shim reads grows with what was written before: one file a step.
for (const before of [50, 500, 5000]) {
  const spec = { path: [{ node: `step ${before}`, ok: "success" }], task: { command: "true" } };
  const after = measure([shim, "run", "--spec", JSON.stringify(spec)], {
    times: 3,
    prepare: () => writeChainLog(before),
  });
  say(
    `a shell step after ${before} others`,
    ms(after.cpu),
    `${(after.cpu - starter.cpu).toFixed(1)} ms beyond the floor, wall ${(after.wall - starter.wall).toFixed(1)} ms`,
  );
}

/** The run log of a chain whose first steps have run, each by a shim of its own. */
function writeChainLog(steps) {
  const run = `after-${steps}`;
  process.env.MAGNUS_RUN_ID = run;
  const folder = path.join(work, ".magnus/runs", run, "events");
  rmSync(path.dirname(folder), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let ids = 0;
  const write = (...bodies) => {
    const writer = `writer-${++ids}`;
    const head = { v: 1, run, writer, time: "2026-01-31T12:00:00.000Z" };
    const lines = bodies.map(
      (body, i) => `${JSON.stringify({ ...head, id: `event-${++ids}`, seq: i + 1, ...body })}\n`,
    );
    writeFileSync(path.join(folder, `${writer}.ndjson`), lines.join(""));
  };
  write({ kind: "run.created", data: { pipeline: "p", digest: "0", parameters: {}, target: "shell", version: "0" } });
  for (let i = 0; i < steps; i++) {
    const edges = { ok: { to: `step ${i + 1}` }, failed: { end: "fail", name: "fail" } };
    const head = {
      path: [{ node: `step ${i}`, ...edges, ...(i === 0 ? { start: true } : {}) }],
      attempt: 1,
      round: 1,
    };
    const done = { status: "success", exitCode: 0, delta: {}, durationMs: 1 };
    write({ kind: "step.started", ...head, data: {} }, { kind: "step.finished", ...head, data: done });
  }
}

console.log("\nwhat a step prints");
for (const megabytes of [32, 1024]) {
  const spec = JSON.stringify({
    v: 1,
    path: [
      { node: "only", start: true, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } },
    ],
    run: { pipeline: "p", digest: "0", parameters: {} },
    task: { type: "shell", command: `head -c ${megabytes}m /dev/zero` },
  });
  process.env.MAGNUS_RUN_ID = `printed-${megabytes}`;
  const printed = measure([shim, "run", "--spec", spec], { times: 1 });
  say(
    `${megabytes} MiB`,
    `${printed.memory.toFixed(0)} MB`.padStart(9),
    `${((megabytes / printed.wall) * 1000).toFixed(0)} MiB/s (aim: at most 100 MB of memory)`,
  );
}

/** Runs a program that imports from the sources; what it prints is JSON. */
function inside(imports, program) {
  const entry = path.join(work, "inside.ts");
  writeFileSync(
    entry,
    `${imports.map(([name, from]) => `import { ${name} } from "${path.join(root, "src", from)}";`).join("\n")}\n${program}`,
  );
  buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: path.join(work, "inside.mjs"),
    logLevel: "error",
  });
  const result = spawnSync(process.execPath, ["inside.mjs"], { cwd: work, encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout);
}
const redacted = inside(
  [["redactorOf", "runtime/redactor.ts"]],
  `const chunk = Buffer.from("2026-11-25 12:00:00 INFO epoch 3 step 1234 loss=0.12345 accuracy=0.987\\n".repeat(1000)).subarray(0, 65536);
const line = (i) => Buffer.from("a secret of some length " + i * 7919).toString("base64");
const speed = (secrets) => {
  const stream = redactorOf(secrets).stream();
  const push = (times) => { for (let i = 0; i < times; i++) stream.push(chunk); };
  push(500);
  const start = performance.now();
  push(4000);
  return (4000 * 65.536) / (performance.now() - start);
};
const many = (count) => Array.from({ length: count }, (_, i) => line(i));
console.log(JSON.stringify({ "1 secret": speed(many(1)), "20 secrets": speed(many(20)), "a key of 40 lines": speed([many(40).join("\\n")]) }));`,
);
for (const [what, speed] of Object.entries(redacted)) {
  say(`masking ${what}`, `${speed.toFixed(0)} MB/s`.padStart(9), "(aim 200)");
}

console.log("\ncatalog: 1 GiB; the floor is cp, of the same file on the same disk");
const big = path.join(work, "big.bin");
spawnSync("sh", ["-c", `head -c 1g /dev/urandom >${big} && sync`]);
const copies = Array.from({ length: 3 }, (_, i) => {
  const copied = measure([big, path.join(work, `copy-${i}`)], { command: "/bin/cp", times: 1 });
  rmSync(path.join(work, `copy-${i}`));
  return copied.wall;
});
const catalogued = inside(
  [["fileSystemCatalog", "stores/file-system-catalog.ts"]],
  `const catalog = fileSystemCatalog("catalog");
const timed = async (work) => { const start = performance.now(); const result = await work(); return { ms: performance.now() - start, result }; };
const put = await timed(() => catalog.putFile("big.bin"));
const again = await timed(() => catalog.putFile("big.bin"));
const get = await timed(() => catalog.getFile(put.result.digest, "got.bin", { executable: false }));
console.log(JSON.stringify({ put: put.ms, again: again.ms, get: get.ms }));`,
);
const cp = copies.sort((a, b) => a - b)[1];
say("cp", ms(cp), "");
for (const [what, time] of Object.entries(catalogued)) {
  say(`catalog ${what}`, ms(time), `${((cp / time) * 100).toFixed(0)} % of the speed of cp (aim 60)`);
}
const stored = readdirSync(path.join(work, "catalog"), { recursive: true, withFileTypes: true });
say(
  "files in the catalog after two puts of the same",
  `${stored.filter((entry) => entry.isFile()).length}`.padStart(9),
  "(aim 1)",
);
rmSync(work, { recursive: true, force: true });

function file(name, text) {
  const full = path.join(work, name);
  writeFileSync(full, text);
  return full;
}
