// `npm run demo`: compiles docs/demo to every target, runs it by the local runner, as the compiled shell script, and what
// was compiled for Argo and GitHub Actions in their simulators; shows that all left the same run log. `npm run demo -- --recover` does so with a delivery that does not pass validation.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const magnusFile = path.join(root, "dist/magnus.js");
const shimFile = path.join(root, "dist/start.cjs");

const { recover } = readArguments(process.argv.slice(2));
const params = recover ? ["--param", "corrupt=true"] : [];
const recovered = { name: "validate", handler: "use checked copy" };

needPython();
say(
  recover
    ? "Penguins, with a delivery that does not pass validation"
    : "Penguins: one pipeline, several ways to run it",
);
say();

timed("build", "magnus and magnus-shim", () => runNode([path.join(root, "scripts/build.mjs")], root));
const scratch = mkdtempSync(path.join(tmpdir(), "magnus-demo-"));
const local = copyOfDemo("local");
const targets = new Map(targetNames().map((name) => [name, copyOfDemo(name)]));
const shell = targets.get("shell");
for (const [target, folder] of targets) compile(target, folder);
timed("run", "magnus run pipeline.yaml", () => magnus(["run", "pipeline.yaml", "-q", ...params], local));
timed("run", "./penguins.sh", () => checked("sh", ["penguins.sh", ...params], shell, { MAGNUS_SHIM: shimFile }));
const runs = [
  ["local", local, "latest"],
  ["shell", shell, "latest"],
  simulate("argo", "penguins.argo.yaml", ".magnus/claims/*/runs/*"),
  simulate("github-actions", ".github/workflows/penguins.yml", ".magnus/artifacts/run-log~*/*"),
];
const logs = runs.map(([, folder, run]) => magnus(["runs", "show", run, "--normalised"], folder));
const difference = firstDifference(
  logs,
  runs.map(([name]) => name),
);
row("compare", `the ${logs.length} run logs, normalised`, difference === undefined ? "equal" : "DIFFERENT");
if (difference !== undefined) fail(difference);
if (recover) checkRecovery();

say();
say(magnus(["runs", "show", "latest"], local).trimEnd());
say();
sayReport();
sayNext();

function readArguments(argv) {
  const unknown = argv.find((argument) => argument !== "--recover");
  if (unknown !== undefined) fail(`unknown argument ${unknown}; there is only --recover`, 2);
  return { recover: argv.includes("--recover") };
}

function needPython() {
  const { status } = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
  if (status !== 0) fail("the demo's steps need python3 (3.9 or newer) on PATH", 2);
}

/** A folder of its own for each way to run, so that they share no file. */
function copyOfDemo(name) {
  const folder = path.join(scratch, name);
  cpSync(path.join(root, "docs/demo"), folder, {
    recursive: true,
    filter: (file) => ![".magnus", "__pycache__"].includes(path.basename(file)),
  });
  return folder;
}

function targetNames() {
  return JSON.parse(magnus(["targets", "--json"], local)).targets.map(({ name }) => name);
}

function compile(target, folder) {
  const { files } = JSON.parse(magnus(["compile", "pipeline.yaml", "--target", target, "--json"], folder));
  const [{ path: name }, ...others] = files;
  const lines = readFileSync(path.join(folder, name), "utf8").split("\n").length - 1;
  row("compile", name, `${lines} lines${others.length === 0 ? "" : `, and ${others.length} more files`}`);
}

/** Runs a compiled file as its platform would; gives where its run log is. */
function simulate(target, file, runLog) {
  const folder = targets.get(target);
  timed("run", `magnus simulate ${file}`, () => magnus(["simulate", file, ...params], folder));
  const [found] = foldersLike(path.join(folder, runLog));
  if (found === undefined) fail(`${file} left no run log`);
  return [target, folder, found];
}

/** Folders whose path is of a pattern in which a `*` stands for anything but a slash. */
function foldersLike(pattern) {
  const parts = pattern.split(path.sep).slice(1);
  return parts.reduce(
    (folders, part) =>
      folders.flatMap((folder) => {
        const like = new RegExp(`^${part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*")}$`);
        return part.includes("*")
          ? readdirSync(folder)
              .filter((name) => like.test(name))
              .map((name) => path.join(folder, name))
          : [path.join(folder, part)];
      }),
    [path.parse(pattern).root],
  );
}

/** Where the texts part, as lines; undefined where all are the same. */
function firstDifference([one, ...others], names) {
  const at = others.findIndex((text) => text !== one);
  if (at < 0) return undefined;
  const [a, b] = [one, others[at]].map((text) => JSON.stringify(JSON.parse(text), null, 1).split("\n"));
  const line = a.findIndex((text, i) => text !== b[i]);
  return `the run logs part at line ${line + 1}:\n  ${names[0]}  ${a[line]}\n  ${names[at + 1]}  ${b[line]}`;
}

function checkRecovery() {
  const { status, steps } = JSON.parse(magnus(["runs", "show", "latest", "--json"], shell));
  const statusOf = (name) => steps.find((step) => step.path.at(-1).node === name)?.status;
  row(
    "recover",
    `${recovered.name} ${statusOf(recovered.name)}, ${recovered.handler} ${statusOf(recovered.handler)}`,
    status,
  );
  const ok = statusOf(recovered.name) === "failed" && statusOf(recovered.handler) === "success" && status === "success";
  if (!ok) fail("the run did not recover as it should");
}

/** What the run was for, in the words of the report that its last step wrote. */
function sayReport() {
  const file = path.join(local, "report.md");
  say(`Report: ${file}`);
  const lines = readFileSync(file, "utf8").split("\n");
  for (const line of lines.filter((text) => /^(Trained|Best|Accuracy)/.test(text))) say(`  ${line}`);
  say();
}

function sayNext() {
  const next = [
    ...(recover ? [] : [["npm run demo -- --recover", "a delivery fails validation; its handler saves the run"]]),
    [`alias magnus='node ${magnusFile}'`, "so that the next lines are short"],
    [`cd ${local}`, "the files of this run; nothing else was touched"],
    [`magnus runs log latest ${recover ? recovered.name : "choose"}`, "what a step printed"],
    ["magnus run pipeline.yaml --param required_accuracy=0.999", "none is good enough: the other branch"],
    [`less ${path.join(shell, "penguins.sh")}`, "the compiled script: each graph is a function"],
  ];
  say("Next");
  for (const [command, why] of next) say(`  ${command}\n      ${why}`);
}

function timed(verb, what, work) {
  const start = performance.now();
  work();
  row(verb, what, `${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function magnus(args, cwd) {
  return runNode([magnusFile, ...args], cwd);
}

function runNode(args, cwd) {
  return checked(process.execPath, args, cwd);
}

/** The program's standard output; where it fails, the demo fails with what it said. */
function checked(program, args, cwd, env = {}) {
  const ended = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...plainEnvironment(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ended.status === 0) return ended.stdout;
  const command = [path.basename(program), ...args].join(" ");
  return fail(`${command} ended with ${ended.status ?? ended.signal ?? ended.error?.message}\n${ended.stderr ?? ""}`);
}

/** Without the developer's own settings of magnus: the demo is the same everywhere. */
function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MAGNUS|RUNNABLE)_/.test(name)));
}

function row(verb, what, result) {
  say(`  ${verb.padEnd(8)} ${what.padEnd(52)} ${result}`);
}

function say(text = "") {
  process.stdout.write(`${text}\n`);
}

function fail(message, code = 1) {
  process.stdout.write(`\n${message}\n`);
  process.exit(code);
}
