import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { exitCode } from "../protocol/exit-codes.ts";
import { isArray, isObject, type Json, parseJson } from "../protocol/json.ts";
import { shimFiles } from "../protocol/shim-files.ts";
import { makeFolder } from "../system/atomic-file.ts";
import { errorCode } from "../system/error-code.ts";
import { readArguments } from "./session.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `install DIR`: copies all that runs this shim in any Linux image, so that a container that mounts DIR anywhere starts
 * `DIR/magnus-shim`: Node, its loader and libraries (the image may have others or none), the shim, and a launcher that
 * is a program of its own (the image may have no shell). `DIR/node` is that Node. The launcher comes last: where it is,
 * all is. What is there already and the same is left alone.
 */
export async function install(argv: readonly string[]): Promise<number> {
  const [folder, ...more] = readArguments(argv, {}, true).positionals;
  if (folder === undefined || more.length > 0) throw new UsageError("install: name one folder");
  const parts = partsOfThis();
  const mark = markOf(parts);
  try {
    makeFolder(path.resolve(folder));
    if (isInstalled(folder, parts, mark)) return exitCode.success;
    place(folder, parts, mark);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new UsageError(`cannot install into ${folder}: ${reasonOf(error, parts)}`, exitCode.failed);
  }
  return exitCode.success;
}

/** Where each file below DIR comes from. */
interface Part {
  readonly name: string;
  readonly source: string;
}

const markFile = "installed";
/** The shim, after what it loads when it needs it. */
const ours = shimFiles.map(({ name }) => name).reverse();
const launchers = ["node", "magnus-shim"];

/** The last ones start the others. */
function partsOfThis(): readonly Part[] {
  const beside = path.dirname(realpathSync(process.argv[1] ?? ""));
  const node = isInstalledHere(beside) ? installedNode(path.join(beside, "lib")) : nodeOfSystem();
  const launcher = isInstalledHere(beside)
    ? path.join(beside, "magnus-shim")
    : path.join(beside, `launcher-${process.arch}`);
  if (!existsSync(launcher)) {
    const why = existsSync(path.join(beside, "launcher-x64")) ? `there is none for ${process.arch}` : "it is missing";
    throw new UsageError(`install: no launcher in ${beside}: ${why}`, exitCode.failed);
  }
  const caches = isInstalledHere(beside) ? readdirSync(beside).filter(isCache) : [];
  const programs = [...ours, ...caches].map((name) => ({ name, source: path.join(beside, name) }));
  for (const { name, source } of programs) {
    if (!existsSync(source)) throw new UsageError(`install: no ${name} in ${beside}`, exitCode.failed);
  }
  return [...node, ...programs, ...launchers.map((name) => ({ name, source: launcher }))];
}

function isCache(name: string): boolean {
  return name.endsWith(".v8");
}

/** Whether this shim runs from an installed folder, with the Node in it. */
function isInstalledHere(folder: string): boolean {
  return existsSync(path.join(folder, "lib/ld.so"));
}

function installedNode(folder: string): readonly Part[] {
  return readdirSync(folder).map((name) => ({ name: `lib/${name}`, source: path.join(folder, name) }));
}

/** Node and what it has loaded. Node's own report has the names by which libraries look for each other. */
function nodeOfSystem(): readonly Part[] {
  const loaded = sharedObjects().filter((file) => file.startsWith("/"));
  const loader = loaded.find((file) => /^ld-linux.*\.so\.\d+$|^ld64?\.so\.\d+$/.test(path.basename(file)));
  if (loader === undefined) {
    throw new UsageError("install: this Node is not built for glibc, which is what can be copied", exitCode.failed);
  }
  const libraries = loaded.filter((file) => file !== loader && /\.so(\.|$)/.test(path.basename(file)));
  return [
    { name: "lib/node", source: process.execPath },
    { name: "lib/ld.so", source: loader },
    ...libraries.map((source) => ({ name: `lib/${path.basename(source)}`, source })),
  ];
}

function sharedObjects(): readonly string[] {
  if (process.platform !== "linux") {
    throw new UsageError("install: only on Linux, since it copies the Node that runs it", exitCode.failed);
  }
  // It would ask name servers for every open connection.
  Object.assign(process.report, { excludeNetwork: true });
  const report: Json = parseJson(JSON.stringify(process.report.getReport()));
  const objects = isObject(report) ? report.sharedObjects : undefined;
  return isArray(objects ?? null) ? (objects as Json[]).filter((file): file is string => typeof file === "string") : [];
}

/** What tells one installation from another: sizes of what the system gave, content of what is ours. */
function markOf(parts: readonly Part[]): string {
  const telling = parts.filter(({ name }) => !isCache(name));
  const lines = telling.map(({ name, source }) =>
    name.startsWith("lib/")
      ? `${statSync(source).size} ${name}`
      : `${createHash("sha256").update(readFileSync(source)).digest("hex")} ${name}`,
  );
  return `Node ${process.version} ${process.arch}\n${lines.sort().join("\n")}\n`;
}

function isInstalled(folder: string, parts: readonly Part[], mark: string): boolean {
  try {
    return (
      readFileSync(path.join(folder, markFile), "utf8") === mark &&
      parts.every(({ name, source }) => statSync(path.join(folder, name)).size === statSync(source).size)
    );
  } catch {
    return false;
  }
}

/** All into a folder beside, then by renaming: a shim that starts meanwhile finds whole files, those of before or these. */
function place(folder: string, parts: readonly Part[], mark: string): void {
  const fresh = mkdtempSync(path.join(folder, ".tmp-"));
  try {
    mkdirSync(path.join(fresh, "lib"));
    writeFileSync(path.join(fresh, markFile), mark);
    for (const { name, source } of parts) {
      copyFileSync(source, path.join(fresh, name), constants.COPYFILE_FICLONE);
      chmodSync(path.join(fresh, name), 0o555);
    }
    makeFolder(path.join(path.resolve(folder), "lib"));
    // Any user of a container is to read them, whatever the umask.
    for (const each of [folder, path.join(folder, "lib")]) allowReading(each);
    chmodSync(path.join(fresh, markFile), 0o444);
    for (const { name } of parts) renameSync(path.join(fresh, name), path.join(folder, name));
    if (!parts.some(({ name }) => isCache(name))) placeCache(folder, fresh);
    renameSync(path.join(fresh, markFile), path.join(folder, markFile));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * V8's cache of the shim (code-cache.ts), as one step of nothing leaves it. Without it the shim starts slower: no reason to
 * fail.
 */
function placeCache(folder: string, scratch: string): void {
  const caches = path.resolve(scratch, "caches");
  mkdirSync(caches);
  const spec =
    '{"path":[{"node":"none","start":true}],"run":{"pipeline":"none","digest":"","parameters":{}},"task":{"command":":"}}';
  const env = { XDG_CACHE_HOME: caches, TMPDIR: path.resolve(scratch), MAGNUS_RUN_ID: "none" };
  spawnSync(path.resolve(folder, "magnus-shim"), ["run", "--spec", spec], { cwd: scratch, env, stdio: "ignore" });
  const written = path.join(caches, "magnus");
  const names = existsSync(written) ? readdirSync(written).filter(isCache) : [];
  for (const name of names) {
    chmodSync(path.join(written, name), 0o555);
    renameSync(path.join(written, name), path.join(folder, name));
  }
}

/** A mounted folder may be another user's, who has seen to it. */
function allowReading(folder: string): void {
  try {
    chmodSync(folder, statSync(folder).mode | 0o555);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
  }
}

function reasonOf(error: unknown, parts: readonly Part[]): string {
  const mebibytes = Math.ceil(parts.reduce((sum, { source }) => sum + statSync(source).size, 0) / 2 ** 20);
  switch (errorCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return `no space left; ${mebibytes} MiB are needed`;
    case "EACCES":
    case "EPERM":
      return "it cannot be written by this user";
    case "EROFS":
      return "it is read-only";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
