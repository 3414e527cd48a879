/**
 * One pod as local processes. In: the pod, and what it finds around it. Out: how its containers ended, and the output
 * files. It knows nothing of workflows: the simulator and the tests with the real controller share it.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { copyProject } from "../../../runtime/directory/copy-project.ts";
import { present } from "../../../system/present.ts";
import { shellQuote } from "../../../system/shell-quote.ts";
import { goJson } from "../expressions/go-json.ts";
import { isInner, isObjectName } from "../workflow/object-name.ts";
import type { Container, Pod, PodEnd, Variable } from "./pod.ts";
import { type Ended, type ProcessOutput, runProcess } from "./run-process.ts";

/** What pods find around them on this machine. */
export interface Surroundings {
  /** The folder of a PersistentVolumeClaim. */
  readonly claim: (name: string) => string;
  /** A key of a Kubernetes Secret; undefined: there is none. */
  readonly secret: (name: string, key: string) => string | undefined;
  /** The bundle of the shim. */
  readonly shim: string;
  /** What the image has in its working directory. */
  readonly project: string;
  /** What the main container prints; nowhere where it is left out. */
  readonly output?: (pod: Pod) => ProcessOutput;
}

/**
 * Runs the init containers in order, then the main container. `emptyDir` volumes are fresh folders, claims are those of
 * the surroundings. Mount paths are replaced in commands and environment values, not in arguments, which carry the
 * user's texts. Environment: PATH, HOME and TMPDIR of this process, and the container's own.
 */
export async function runPod(pod: Pod, surroundings: Surroundings): Promise<PodEnd> {
  const scratch = mkdtempSync(path.join(tmpdir(), "magnus-pod-"));
  const deadline = deadlineOf(pod);
  try {
    const invalid = problemOfVolumes(pod);
    if (invalid !== undefined) return { exit: 128, waiting: invalid, outputs: {} };
    const place: Place = { pod, surroundings, scratch, volumes: openVolumes(pod, scratch, surroundings) };
    const cwd = path.join(scratch, "work");
    copyProject(surroundings.project, cwd);
    for (const container of pod.initContainers) {
      const { exit, more } = await runContainer(container, place, deadline.signal);
      if (exit !== 0) return { exit, initExit: exit, initContainer: container.name, outputs: {}, ...more };
    }
    const { exit, more } = await runContainer(pod.main, place, deadline.signal);
    if (deadline.over()) return { exit, outputs: readOutputs(place), deadlineExceeded: true };
    return { exit, outputs: readOutputs(place), ...more };
  } finally {
    deadline.clear();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Place {
  readonly pod: Pod;
  readonly surroundings: Surroundings;
  readonly scratch: string;
  readonly volumes: ReadonlyMap<string, string>;
}

function deadlineOf({ activeDeadlineSeconds, signal }: Pod): {
  readonly signal: AbortSignal;
  readonly over: () => boolean;
  readonly clear: () => void;
} {
  if (activeDeadlineSeconds === undefined) return { signal, over: () => false, clear: () => {} };
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(), activeDeadlineSeconds * 1000);
  return {
    signal: AbortSignal.any([signal, own.signal]),
    over: () => own.signal.aborted && !signal.aborted,
    clear: () => clearTimeout(timer),
  };
}

/** What Kubernetes refuses, and what would lead out of the folders here. */
function problemOfVolumes({ volumes, initContainers, main }: Pod): string | undefined {
  for (const { name, persistentVolumeClaim } of volumes) {
    const claim = persistentVolumeClaim?.claimName;
    if (!isObjectName(name)) return `no volume can be named ${name}`;
    if (claim !== undefined && !isObjectName(claim)) return `no PersistentVolumeClaim can be named ${claim}`;
  }
  for (const { subPath = "" } of [...initContainers, main].flatMap(({ volumeMounts }) => volumeMounts ?? [])) {
    if (!isInner(subPath)) return `the subPath ${subPath} leads out of its volume`;
  }
  return undefined;
}

function openVolumes(pod: Pod, scratch: string, { claim }: Surroundings): ReadonlyMap<string, string> {
  const volumes = new Map<string, string>();
  for (const { name, persistentVolumeClaim } of pod.volumes) {
    const folder = persistentVolumeClaim ? claim(persistentVolumeClaim.claimName) : path.join(scratch, "volumes", name);
    mkdirSync(folder, { recursive: true });
    volumes.set(name, folder);
  }
  return volumes;
}

interface ContainerEnd {
  readonly exit: number;
  /** What else is to be said of the pod. */
  readonly more?: Pick<PodEnd, "message" | "waiting">;
}

/** The exit code of a container; 128 where its command cannot be started, as Kubernetes reports it. */
async function runContainer(container: Container, place: Place, signal: AbortSignal): Promise<ContainerEnd> {
  const { pod, surroundings, scratch } = place;
  const translate = translation(container, place);
  const [program = "", ...more] = (container.command ?? []).map((text) => translate(text));
  const given = [...more, ...(container.args ?? [])];
  if (program === "magnus-shim" && given[0] === "install") return installShim(translate(given[1] ?? ""), surroundings);
  const environment = environmentOf(container, (text) => translate(text, isJsonText(text)), surroundings);
  if (typeof environment === "string") return { exit: 128, more: { waiting: environment } };
  const args = isOffloaded(container)
    ? given.map((argument, i) => shortArgument(argument, i, scratch))
    : given.map((argument) => expandVariables(argument, environment));
  if (program === "magnus-shim") installShim(path.join(scratch, "bin"), surroundings);
  const ended: Ended = await runProcess(
    program === "magnus-shim" ? path.join(scratch, "bin", program) : program,
    args,
    {
      cwd: workingDirectory(container, translate, scratch),
      environment: { ...hostEnvironment(), ...environment },
      signal,
      ...present({ output: surroundings.output?.(pod) }),
    },
  );
  return ended.message === undefined ? { exit: ended.exit } : { exit: ended.exit, more: { message: ended.message } };
}

/** A folder of the image is not here: the pod's own stands for it. */
function workingDirectory({ workingDir }: Container, translate: (text: string) => string, scratch: string): string {
  const folder = workingDir === undefined ? "" : translate(workingDir);
  return folder === workingDir || folder === "" ? path.join(scratch, "work") : folder;
}

/**
 * Stands for `magnus-shim install`, which copies Node: 100 MB a pod would be too much here. The launcher runs the same
 * shim with this Node.
 */
function installShim(folder: string, { shim }: Surroundings): ContainerEnd {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, "magnus-shim"),
    `#!/bin/sh\nexec ${shellQuote(process.execPath)} ${shellQuote(shim)} "$@"\n`,
    { mode: 0o755 },
  );
  return { exit: 0 };
}

/** Argo (workflowpod.go): arguments of more than 128 KiB go by a file, in which Kubernetes expands nothing. */
function isOffloaded({ name, args }: Container): boolean {
  return name === "main" && Buffer.byteLength(goJson(args ?? [])) > longestArgument;
}

const longestArgument = 128 * 1024;

/** Argo's emissary hands over a long argument of those in the file as `@FILE`. */
function shortArgument(argument: string, index: number, scratch: string): string {
  if (Buffer.byteLength(argument) <= longestArgument) return argument;
  const file = path.join(scratch, `argo_arg_${index}.txt`);
  writeFileSync(file, argument);
  return `@${file}`;
}

/** What any program needs; nothing else of this machine. */
function hostEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  return { PATH, HOME, LC_ALL: "C.UTF-8", ...present({ TMPDIR }) };
}

/** A text: why the container cannot start. */
function environmentOf(
  container: Container,
  translate: (text: string) => string,
  surroundings: Surroundings,
): Record<string, string> | string {
  const environment: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = valueOfVariable(variable, translate, surroundings);
    if (typeof value === "object") return value.missing;
    if (value === undefined) continue;
    const isText = variable.valueFrom?.secretKeyRef === undefined;
    environment[variable.name] = isText ? expandVariables(value, environment) : value;
  }
  return environment;
}

/** Kubernetes' own references in commands, arguments and values: `$(NAME)` of a variable before; `$$` is a `$`. */
function expandVariables(text: string, environment: { readonly [name: string]: string }): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (reference, name: string | undefined) =>
    name === undefined ? "$" : (environment[name] ?? reference),
  );
}

function valueOfVariable(
  { value, valueFrom }: Variable,
  translate: (text: string) => string,
  { secret }: Surroundings,
): string | undefined | { readonly missing: string } {
  const key = valueFrom?.secretKeyRef;
  if (key === undefined) return translate(value ?? "");
  const found = secret(key.name, key.key);
  if (found !== undefined || key.optional === true) return found;
  return { missing: `couldn't find key ${key.key} in Secret ${key.name}` };
}

/** Services are JSON in a variable, whose texts must stay texts whatever this machine's folders are called. */
function isJsonText(text: string): "json" | "variable" {
  return text.startsWith("{") && parsesAsJson(text) ? "json" : "variable";
}

function parsesAsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where a folder's name is written; of variables Kubernetes still replaces `$`. */
const spellings = {
  plain: (folder: string): string => folder,
  variable: (folder: string): string => folder.replaceAll("$", "$$$$"),
  json: (folder: string): string => JSON.stringify(folder).slice(1, -1).replaceAll("$", "$$$$"),
};

type Translate = (text: string, where?: keyof typeof spellings) => string;

/** Replaces mount paths, where they begin a path, by the folders of this machine. */
function translation(container: Container, { volumes }: Place): Translate {
  const folders = new Map(
    (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath = "" }): [string, string][] => {
      const folder = volumes.get(name);
      return folder === undefined ? [] : [[mountPath, path.join(folder, subPath)]];
    }),
  );
  const mounts = [...folders.keys()].sort((a, b) => b.length - a.length);
  if (mounts.length === 0) return (text) => text;
  const paths = new RegExp(`(?<![\\w./-])(${mounts.map(literal).join("|")})(?![\\w.-])`, "g");
  return (text, where = "plain") => text.replace(paths, (mount) => spellings[where](folders.get(mount) ?? mount));
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function readOutputs(place: Place): Record<string, string> {
  const translate = translation(place.pod.main, place);
  const outputs: Record<string, string> = {};
  for (const { name, path: file } of place.pod.outputs) {
    const here = translate(file);
    // A path of the image would be this machine's.
    if (here === file) continue;
    try {
      outputs[name] = readFileSync(here, "utf8");
    } catch {
      // No file: the default, or an Error of the node.
    }
  }
  return outputs;
}
