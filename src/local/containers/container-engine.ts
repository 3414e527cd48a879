/** The program that runs containers on this machine, and how the shim comes to where containers can mount it. */
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import path from "node:path";
import { version } from "../../protocol/version.ts";
import { findProgram } from "../../runtime/task-types/find-program.ts";
import { packageRoot } from "../../system/package-root.ts";
import { reasonIn } from "./container-failure.ts";
import { installingCommand, type ShimSource } from "./step-container.ts";

export interface ContainerEngine {
  /** An absolute path. */
  readonly program: string;
  readonly name: string;
  readonly isPodman: boolean;
}

/** What cannot be used, and the remedy. */
export interface Unusable {
  readonly failure: string;
  readonly hint: string;
}

const usual = ["docker", "podman"];

/** `named`: by its name or where it is; else the first on PATH. Asks it whether it can run anything now. */
export function openEngine(named: string | undefined): ContainerEngine | Unusable {
  const program = findEngine(named);
  if (program === undefined) {
    const failure = named === undefined ? "neither docker nor podman is on PATH" : `the program ${named} was not found`;
    return { failure, hint: "install one of them, or name one: `engine: /usr/bin/podman`" };
  }
  const name = path.basename(program);
  const { status, stdout, stderr, error } = spawnSync(program, ["version"], { encoding: "utf8", timeout: 30_000 });
  if (status === 0) return { program, name, isPodman: name === "podman" || /podman/i.test(stdout) };
  const reason = error === undefined ? (reasonIn(stderr) ?? `exit code ${status}`) : error.message;
  const other = named === undefined ? usual.find((each) => each !== name && onPath(each) !== undefined) : undefined;
  return {
    failure: `${name} cannot run containers now: ${reason}`,
    hint: `\`${name} version\` has to succeed: start its daemon${other === undefined ? "" : `, or take the other: \`engine: ${other}\``}`,
  };
}

function findEngine(named: string | undefined): string | undefined {
  if (named?.includes("/")) return findProgram([path.basename(named)], { PATH: path.resolve(path.dirname(named)) });
  return named === undefined ? usual.map(onPath).find((program) => program !== undefined) : onPath(named);
}

function onPath(name: string): string | undefined {
  return findProgram([name], { PATH: process.env.PATH ?? "" });
}

/** Into a folder with the Node that runs this, quick where it is there; with a `shim_image` into a volume of the engine. */
export function installShim(image: string | undefined, { program }: ContainerEngine): ShimSource | Unusable {
  return image === undefined ? installFromHere() : installFromImage(image, program);
}

function installFromHere(): ShimSource | Unusable {
  const folder = path.join(cacheFolder(), `shim-${version}`);
  const shim = path.join(packageRoot, "dist/shim.cjs");
  const { status, stderr } = spawnSync(process.execPath, [shim, "install", folder], { encoding: "utf8" });
  if (status === 0) return { type: "bind", source: folder };
  return {
    failure: stderr.trim().replace(/^magnus-shim: /, ""),
    hint: "containers mount the shim from a folder below XDG_CACHE_HOME; on other systems than Linux name a `shim_image`",
  };
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  return path.join(cache ? cache : path.join(homedir(), ".cache"), "magnus");
}

/** An image may be for another system or processor than this one. */
function installFromImage(image: string, program: string): ShimSource | Unusable {
  const volume = `magnus-shim-${image.replace(/[^\w.-]+/g, "-")}`;
  const { status, stderr } = spawnSync(program, installingCommand(image, volume), { encoding: "utf8" });
  if (status === 0) return { type: "volume", source: volume };
  return {
    failure: `its shim_image ${image} does not install itself: ${reasonIn(stderr) ?? `exit code ${status}`}`,
    hint: "`magnus shim image` writes what such an image is built from",
  };
}
