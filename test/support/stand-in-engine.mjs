#!/usr/bin/env node
// Stands for docker: runs the container's command in place, with the environment and the mounts that it was given, and
// notes what it was asked in $STAND_IN_NOTES. STAND_IN_FAILS: its exit code instead, STAND_IN_SAYS: what it says before; STAND_IN_KILLS: after so many
// milliseconds the container is killed, as when its memory is full.
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, statSync } from "node:fs";

const [verb, ...args] = process.argv.slice(2);
const { STAND_IN_NOTES: notes, STAND_IN_FAILS: fails, STAND_IN_KILLS: kills, PATH } = process.env;
const note = (more) => appendFileSync(notes, `${JSON.stringify({ verb, args, ...more })}\n`);

if (verb === "version") {
  // As where its daemon does not run.
  if (process.env.STAND_IN_IS_DOWN !== undefined) {
    process.stderr.write("Cannot connect to the daemon of the stand-in.\n");
    process.exit(1);
  }
  process.stdout.write(`${process.env.STAND_IN_VERSION ?? "Client: stand-in"}\n`);
  process.exit(0);
}
if (verb !== "run") {
  note({});
  process.exit(0);
}
const flags = new Set(["--rm", "--interactive"]);
const options = [];
let at = 0;
for (; args[at]?.startsWith("-"); at++)
  options.push([args[at], flags.has(args[at]) || args[at].includes("=") ? "" : args[++at]]);
const all = (name) => options.flatMap(([option, value]) => (option === name ? [value] : []));
const [image, ...command] = args.slice(at);
const [envFile] = all("--env-file");
if (envFile === undefined) {
  // An image that installs itself in a volume.
  note({ image, command });
  process.exit(fails === undefined ? 0 : Number(fails));
}
const lines = readFileSync(envFile, "utf8")
  .split("\n")
  .filter((line) => line !== "");
const inherited = Object.fromEntries(all("--env").map((name) => [name, process.env[name]]));
const env = { ...Object.fromEntries(lines.map((line) => line.split(/=(.*)/s))), ...inherited };
note({ image, envFile, mode: (statSync(envFile).mode & 0o777).toString(8), env });
process.stderr.write(process.env.STAND_IN_SAYS ?? "");
if (fails !== undefined) process.exit(Number(fails));

const mounts = all("--mount").map((text) => Object.fromEntries(text.split(",").map((field) => field.split("="))));
const outside = (file) => {
  const mount = mounts.find(({ target }) => file === target || file.startsWith(`${target}/`));
  // The volume of a shim_image is that folder.
  if (mount?.type === "volume") return process.env.STAND_IN_VOLUME + file.slice(mount.target.length);
  return mount === undefined ? file : mount.source + file.slice(mount.target.length);
};
const child = spawn(
  outside(all("--entrypoint")[0]),
  command.map((word) => (word.startsWith("@") ? `@${outside(word.slice(1))}` : word)),
  {
    cwd: all("--workdir")[0],
    env: { PATH, ...env },
    // A container does not end with the client that started it.
    detached: true,
    stdio: [all("--interactive").length > 0 ? "inherit" : "ignore", "inherit", "inherit"],
  },
);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
if (kills !== undefined) setTimeout(() => child.kill("SIGKILL"), Number(kills));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
});
