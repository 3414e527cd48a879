/**
 * Calls the function of a node task; magnus starts this file by its path, with Node 18 or newer.
 *
 * Argument: JSON {command, parameters, result, returns: [{name, kind}], folders: [folder], beside: file | null, task:
 * file | null}: `beside` is the program that started this one, `task` is what `magnus-pipelines/task` is.
 * Result: JSON {returned, metrics, environment, failure: {reason, message, traceback}} in the file `result`, written
 * whole or not at all, when the process ends, however it ends. Standard output is the function's.
 */
import { getEventListeners } from "node:events";
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { entriesOf, isMapping, json, tagOf } from "./node-values.mjs";
import { isMissing, provideTask, taskName } from "./provide-task.mjs";

/** Milliseconds that a function's open handles may keep Node running after it has returned. */
const lingering = 5000;

const request = JSON.parse(process.argv[2]);
const result = {};
const before = { ...process.env };
const stopping = new AbortController();
let state = "running";

/** The task fails, and not by an exception of its own. */
class TaskFailure extends Error {
  constructor(message, reason = "exception") {
    super(message);
    this.reason = reason;
  }
}

process.argv = [process.argv[0], request.command];
process.on("beforeExit", starve);
process.on("exit", leave);
process.on("uncaughtException", fail);
process.on("SIGTERM", stop);
main().then(linger, fail);

async function main() {
  const { file, name } = split(request.command);
  const value = await call(await load(file), file, name, given(readFileSync(request.parameters, "utf8")));
  publish(value);
  state = "returned";
}

/** JSON.parse makes Infinity of what is beyond its numbers; what is smaller than all of them is 0. */
function given(text) {
  return JSON.parse(text, /\d[eE]\+?\d{3}|\d{309}/.test(text) ? finite : undefined);
}

function finite(key, value) {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new TaskFailure(`the number in the parameter "${key}" is too large for JavaScript`);
}

/** An open server or timer does not keep a step running for ever. */
function linger() {
  const timer = setTimeout(() => {
    process.stderr.write(
      `magnus: ${request.command} has returned, but something it left open keeps Node running; ended\n`,
    );
    process.exit();
  }, lingering);
  timer.unref();
}

function fail(error) {
  const failure = error instanceof TaskFailure;
  const trace = failure ? "" : stackOf(error);
  process.stderr.write(failure ? `magnus: ${error.message}\n` : `${trace}\n`);
  result.failure = failure
    ? { reason: error.reason, message: error.message }
    : { reason: "exception", message: oneLine(error), traceback: `${trace}\n` };
  state = "failed";
  process.exit(1);
}

/** A function that listens to its signal may end by itself; any other is left here, by way of its `exit` handlers. */
function stop() {
  if (process.listenerCount("SIGTERM") > 1) return;
  const waits = getEventListeners(stopping.signal, "abort").length > 0;
  stopping.abort(new Error("stopped by SIGTERM"));
  if (!waits) process.exit(143);
}

/** Nothing is left to do, and the function has not returned: its promise will never settle. */
function starve() {
  if (state === "running")
    fail(new TaskFailure(`${request.command} waits for a promise that nothing is left to settle`));
}

function leave() {
  const environment = JSON.stringify(changes());
  const failure = result.failure === undefined ? "" : `,"failure":${JSON.stringify(result.failure)}`;
  const answers = ["returned", "metrics"].map((key) => `"${key}":${objectOf(result[key] ?? {})}`);
  try {
    writeFileSync(`${request.result}.tmp`, `{${answers.join(",")},"environment":${environment}${failure}}`);
    renameSync(`${request.result}.tmp`, request.result);
  } catch (error) {
    process.stderr.write(`magnus: the result cannot be written: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** An object whose values are JSON already. */
function objectOf(texts) {
  return `{${Object.entries(texts).map(([name, text]) => `${JSON.stringify(name)}:${text}`)}}`;
}

/** MAGNUS_PRM_* and MAGNUS_TRACK_* that the function has set or changed. */
function changes() {
  const ours = Object.entries(process.env).filter(([name]) => /^MAGNUS_(?:PRM|TRACK)_/.test(name));
  return Object.fromEntries(ours.filter(([name, value]) => before[name] !== value));
}

function stackOf(error) {
  const stack = error instanceof Error ? (error.stack ?? String(error)) : `thrown: ${String(error)}`;
  const cause = error instanceof Error && error.cause !== undefined ? `\n  caused by: ${oneLine(error.cause)}` : "";
  // Without the frames of this file.
  const lines = stack.split("\n").filter((line) => !line.includes(import.meta.url));
  return `${lines.join("\n")}${cause}`;
}

function oneLine(error) {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  return text.split(/\s+/).join(" ").trim().replace(/:$/, "");
}

// --- the function

function split(command) {
  const at = command.indexOf("#");
  if (at < 1 || at === command.length - 1) {
    throw new TaskFailure(`the command "${command}" is not of the form file#export or package#export`);
  }
  return { file: command.slice(0, at), name: command.slice(at + 1) };
}

async function load(file) {
  const url = locate(file);
  const task = isMissing(request.task, request.folders) ? request.task : null;
  if (task !== null) provideTask(task, url);
  if (!/\.[cm]?tsx?$/.test(url.pathname)) return import(url);
  const jiti = findJiti();
  if (jiti !== undefined) {
    const { createJiti } = await import(jiti);
    const alias = task === null ? {} : { [taskName]: task };
    return createJiti(url.href, { sourceMaps: true, alias }).import(url.href);
  }
  if (process.features.typescript) return import(url);
  throw new TaskFailure(
    `${file} is TypeScript, which needs the package jiti (npm install jiti) or Node 22.18`,
    "cannot-start",
  );
}

/** A file of the working directory or the project's folder, else a package that is installed there. */
function locate(file) {
  for (const folder of request.folders) {
    const candidate = path.resolve(folder, file);
    if (/\.[cm]?[jt]sx?$/.test(file) && existsSync(candidate)) return pathToFileURL(candidate);
  }
  const isFile = /^\.{0,2}\//.test(file) || (/\.[cm]?[jt]sx?$/.test(file) && !file.startsWith("@"));
  if (isFile) throw new TaskFailure(`there is no file ${file} in ${request.folders.join(", ")}`, "cannot-start");
  let cause;
  for (const folder of request.folders) {
    try {
      return new URL(import.meta.resolve(file, pathToFileURL(`${folder}/`)));
    } catch (error) {
      cause = error;
    }
  }
  throw new TaskFailure(`there is no package "${file}" (npm install ${file}): ${oneLine(cause)}`, "cannot-start");
}

/** The project's own loader of TypeScript, else the one that is installed with magnus. */
function findJiti() {
  const places = [
    ...request.folders.map((folder) => `${folder}/`),
    ...(request.beside === null ? [] : [request.beside]),
  ];
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place).resolve("jiti"));
    } catch {
      // Not there: the next place.
    }
  }
  return undefined;
}

async function call(module, file, name, parameters) {
  const found = member(module, name) ?? member(module.default, name);
  if (typeof found?.value !== "function") {
    const names = [...new Set([...Object.keys(module), ...Object.keys(Object(module.default))])].sort();
    const has = found === undefined ? `has no export "${name}"` : `exports "${name}", which is not a function`;
    throw new TaskFailure(`${file} ${has}; its exports are ${names.join(", ") || "none"}`);
  }
  return found.value.call(found.owner, parameters, { signal: stopping.signal });
}

/** `fit`, or a part of an export: `models.fit`. */
function member(module, name) {
  let owner;
  let value = module;
  for (const part of name.split(".")) {
    if (value === null || value === undefined || !(part in Object(value))) return undefined;
    owner = value;
    value = value[part];
  }
  return { owner, value };
}

// --- the return value

function publish(value) {
  const returned = {};
  const metrics = {};
  refuseUnrun(value);
  if (request.returns.length === 0) {
    if (!isMapping(value) && value !== undefined && value !== null) {
      const type = Array.isArray(value) ? "array" : tagOf(value);
      warn(
        `${request.command} returned a value of type ${type}, which is not published: name it under returns, or return an object`,
      );
    }
    for (const [name, entry] of Object.entries(entriesOf(value))) {
      if (entry === undefined || typeof entry === "function") continue;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new TaskFailure(`the function returned the key "${name}", which cannot be the name of a parameter`);
      }
      returned[name] = published(entry, name, false);
    }
  }
  warnOfMore(value);
  for (const { name, kind, entry } of matched(value)) {
    returned[name] = published(entry, name, kind === "metric");
    if (kind === "metric") metrics[name] = returned[name];
  }
  Object.assign(result, { returned, metrics });
}

/** What an object has beside the names is not published. Of one name the value is the whole object, which may not be meant. */
function warnOfMore(value) {
  const names = request.returns.map(({ name }) => name);
  const keys = isMapping(value) ? Object.keys(entriesOf(value)) : [];
  const more = keys.filter((key) => !names.includes(key));
  if (names.length > 1 && more.length > 0) {
    warn(
      `${request.command} returned more than returns names, which is not published: ${more.slice(0, 10).join(", ")}`,
    );
  } else if (names.length === 1 && keys.includes(names[0])) {
    const whole = `the whole object is published as "${names[0]}"`;
    warn(
      `${request.command} returned an object with the key "${names[0]}", and ${whole}: return the value alone, or leave returns out`,
    );
  }
}

function published(value, name, asMetric) {
  try {
    return json(value, asMetric, name);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new TaskFailure(`"${name}" cannot be published as JSON: ${why}`);
  }
}

/** A function* gives a generator when it is called, and nothing of its body has run. */
function refuseUnrun(value) {
  if (!/Generator$/.test(tagOf(value))) return;
  const remedy = "return an array of what it yields, or call it in a function that does what is to be done";
  throw new TaskFailure(`${request.command} returned a generator, so nothing of its body has run: ${remedy}`);
}

/** A warning of the run: a line of the file in which the task answers. */
function warn(message) {
  const file = process.env.MAGNUS_OUTPUT_FILE;
  if (file) appendFileSync(file, `${JSON.stringify({ warnings: [message] })}\n`);
}

/** The values by the names in `returns`: one value, an array by position, or an object by name. */
function matched(value) {
  const { returns } = request;
  if (returns.length === 1) return value === undefined ? [] : [{ ...returns[0], entry: value }];
  if (Array.isArray(value) && returns.length > 1) {
    if (value.length !== returns.length) {
      const message = `the function returned ${value.length} values, and returns names ${returns.length}`;
      throw new TaskFailure(message, "missing-output");
    }
    return returns.map((one, index) => ({ ...one, entry: value[index] }));
  }
  const entries = entriesOf(value);
  return returns.filter(({ name }) => entries[name] !== undefined).map((one) => ({ ...one, entry: entries[one.name] }));
}
