// Measures this tree beside another commit, in one run: each pair runs one after the other, in alternating order, so
// that what the machine does meanwhile meets both. Printed are ratios; below 1 means that this tree is the cheaper.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { measureOnce } from "./measure.mjs";
import { options } from "./options.mjs";
import { chain, map } from "./pipelines.mjs";

const root = path.resolve(import.meta.dirname, "../..");

const argo = "targets: {argo: {image: busybox, shim_image: example.org/shim, storage: {claim: runs}}}\n";

/** What is measured: files of a folder, what is prepared once with either build, and the command. */
const scenarios = [
  { name: "magnus --help", command: ({ magnus }) => [magnus, "--help"], weight: 3 },
  { name: "magnus-shim version", command: ({ shim }) => [shim, "version"], weight: 3 },
  { name: "check, 100 steps", files: { "p.yaml": chain(100) }, command: ({ magnus }) => [magnus, "check", "p.yaml"] },
  ...["argo", "github-actions", "shell"].map((target) => ({
    name: `compile ${target === "github-actions" ? 200 : 1000} steps to ${target}`,
    // A chain of a thousand is over the size that GitHub takes.
    files: { "p.yaml": chain(target === "github-actions" ? 200 : 1000), "magnus-config.yaml": argo },
    command: ({ magnus }) => [magnus, "compile", "p.yaml", "--target", target, "-o", "out"],
  })),
  {
    name: "local run, chain of 200",
    files: { "p.yaml": chain(200) },
    command: ({ magnus }) => [magnus, "run", "p.yaml", "-q"],
  },
  {
    name: "local run, map of 200",
    files: { "p.yaml": map(200) },
    command: ({ magnus }) => [magnus, "run", "p.yaml", "-q"],
  },
  {
    name: "local run, map of 1,000 with a catalog",
    files: { "p.yaml": map(1000, "catalog: {put: [out/*]}, command: 'mkdir -p out; echo $i >out/$i'") },
    command: ({ magnus }) => [magnus, "run", "p.yaml", "-q"],
    weight: 1 / 3,
  },
  {
    name: "script of 20 shell steps",
    files: { "p.yaml": chain(20) },
    prepare: ({ magnus }) => [magnus, "compile", "p.yaml", "--target", "shell", "-q"],
    command: () => ["/bin/sh", "p.sh"],
  },
];

benchAgainst(options.against, options.times ?? 15, options.only ?? "");

/** Measures both builds `pairs` times a scenario; `commit` is what this tree is compared with. */
function benchAgainst(commit, pairs, only) {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-bench-"));
  const worktree = path.join(work, "other");
  try {
    const builds = { here: buildOf(root), other: buildOf(checkedOut(commit, worktree)) };
    console.log(
      `this tree beside ${commit}: CPU of the whole process tree and wall time, medians of the pairs' ratios`,
    );
    for (const scenario of scenarios.filter(({ name }) => name.includes(only))) {
      print(scenario.name, measured(scenario, builds, work, Math.max(3, Math.round(pairs * (scenario.weight ?? 1)))));
    }
    for (const file of ["shim.cjs", "magnus.js"]) {
      const [here, other] = [builds.here, builds.other].map(({ dist }) => statSync(path.join(dist, file)).size);
      console.log(`${`dist/${file}`.padEnd(42)} ${(here / other).toFixed(3)} × (${Math.round(here / 1024)} KiB)`);
    }
  } finally {
    execFileSync("git", ["worktree", "remove", "--force", worktree], { cwd: root, stdio: "ignore" });
    rmSync(work, { recursive: true, force: true });
  }
}

/** A commit in a folder of its own; its packages are this tree's where it asks for the same ones. */
function checkedOut(commit, folder) {
  execFileSync("git", ["worktree", "add", "--detach", folder, commit], { cwd: root, stdio: "ignore" });
  const same = lockOf("HEAD") === lockOf(commit);
  if (same) symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  else execFileSync("npm", ["ci", "--silent"], { cwd: folder, stdio: "inherit" });
  return folder;
}

function lockOf(commit) {
  return execFileSync("git", ["rev-parse", `${commit}:package-lock.json`], { cwd: root, encoding: "utf8" }).trim();
}

function buildOf(tree) {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: tree, stdio: "inherit" });
  const dist = path.join(tree, "dist");
  return { dist, magnus: path.join(dist, "magnus.js"), shim: path.join(dist, "start.cjs") };
}

function measured(scenario, builds, work, pairs) {
  const folders = {};
  for (const [name, build] of Object.entries(builds)) {
    folders[name] = path.join(work, `run-${name}`);
    rmSync(folders[name], { recursive: true, force: true });
    mkdirSync(folders[name]);
    for (const [file, text] of Object.entries(scenario.files ?? {}))
      writeFileSync(path.join(folders[name], file), text);
    if (scenario.prepare) once(scenario.prepare(build), folders[name], build);
    once(scenario.command(build), folders[name], build);
  }
  return Array.from({ length: pairs }, (_, pair) => {
    const order = pair % 2 === 0 ? ["here", "other"] : ["other", "here"];
    const of = {};
    for (const name of order) of[name] = once(scenario.command(builds[name]), folders[name], builds[name]);
    return { cpu: of.here.cpu / of.other.cpu, wall: of.here.wall / of.other.wall, ms: of.here.cpu };
  });
}

function once(command, cwd, { shim }) {
  const runs = path.join(cwd, ".magnus");
  if (existsSync(runs)) rmSync(runs, { recursive: true });
  const [program, args] = command[0].startsWith("/bin/") ? [command[0], command.slice(1)] : [process.execPath, command];
  return measureOnce(program, args, { cwd, env: { ...process.env, MAGNUS_SHIM: shim } });
}

function print(name, pairs) {
  const sorted = (key) => pairs.map((pair) => pair[key]).sort((a, b) => a - b);
  const at = (values, part) => values[Math.min(values.length - 1, Math.floor(values.length * part))];
  const [cpu, wall, ms] = [sorted("cpu"), sorted("wall"), sorted("ms")];
  const spread = `${at(cpu, 0.25).toFixed(2)} to ${at(cpu, 0.75).toFixed(2)}`;
  console.log(
    `${name.padEnd(42)} CPU ${at(cpu, 0.5).toFixed(3)} × (half of the pairs ${spread}), wall ${at(wall, 0.5).toFixed(3)} ×; ${at(ms, 0.5).toFixed(0)} ms, ${pairs.length} pairs`,
  );
}
