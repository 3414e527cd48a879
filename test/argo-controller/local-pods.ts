import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { plainEnvironment } from "../support/programs.ts";
import type { Container, PodEnd, PodHost, StartedPod } from "./kubelet.ts";

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
}

/** Pods as local processes. */
export function localPods(surroundings: Surroundings): PodHost {
  return (pod) => runPod(pod, surroundings);
}

async function runPod(pod: StartedPod, surroundings: Surroundings): Promise<PodEnd> {
  const scratch = mkdtempSync(path.join(tmpdir(), "magnus-pod-"));
  try {
    const volumes = new Map<string, string>();
    for (const { name, persistentVolumeClaim } of pod.volumes) {
      const folder = persistentVolumeClaim
        ? surroundings.claim(persistentVolumeClaim.claimName)
        : path.join(scratch, name);
      mkdirSync(folder, { recursive: true });
      volumes.set(name, folder);
    }
    for (const container of pod.initContainers) {
      const exit = await runContainer(container, pod, { scratch, volumes, surroundings });
      if (exit !== 0) return { exit, initExit: exit, outputs: {} };
    }
    const exit = await runContainer(pod.main, pod, { scratch, volumes, surroundings });
    const translate = translation(pod.main, volumes);
    const outputs = pod.outputs.flatMap(({ name, path }) => {
      try {
        return [[name, readFileSync(translate(path), "utf8")]];
      } catch {
        return [];
      }
    });
    return { exit, outputs: Object.fromEntries(outputs) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Place {
  readonly scratch: string;
  readonly volumes: ReadonlyMap<string, string>;
  readonly surroundings: Surroundings;
}

/** The exit code of a container; 128 where its command cannot be started, as Kubernetes reports it. */
function runContainer(container: Container, pod: StartedPod, place: Place): Promise<number> {
  const { scratch, volumes, surroundings } = place;
  const translate = translation(container, volumes);
  const [program = "", ...more] = (container.command ?? []).map(translate);
  const args = [...more, ...(container.args ?? [])];
  if (program === "magnus-shim" && args[0] === "install")
    return Promise.resolve(installShim(translate(args[1] ?? ""), surroundings));
  const cwd = path.join(scratch, "work");
  cpSync(surroundings.project, cwd, { recursive: true, filter: (file) => path.basename(file) !== ".magnus" });
  const child = spawn(
    program,
    args.map((arg, i) => shortArgument(arg, i, scratch)),
    {
      cwd,
      env: environment(container, translate, surroundings),
      // PODS=show prints what pods print.
      stdio: process.env.PODS === "show" ? "inherit" : "ignore",
      detached: true,
    },
  );
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  pod.signal.addEventListener("abort", kill);
  return new Promise((resolve) => {
    child.on("error", () => resolve(128));
    child.on("exit", (code, signal) => {
      pod.signal.removeEventListener("abort", kill);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Stands for `magnus-shim install`, which copies Node: 100 MB a pod would be too much here. */
function installShim(folder: string, { shim }: Surroundings): number {
  writeFileSync(path.join(folder, "magnus-shim"), `#!/bin/sh\nexec '${process.execPath}' '${shim}' "$@"\n`, {
    mode: 0o755,
  });
  return 0;
}

/** Argo's emissary hands over an argument of more than 128 KiB as `@FILE`. */
function shortArgument(argument: string, index: number, scratch: string): string {
  if (Buffer.byteLength(argument) <= 128 * 1024) return argument;
  const file = path.join(scratch, `argo_arg_${index}.txt`);
  writeFileSync(file, argument);
  return `@${file}`;
}

function environment(
  container: Container,
  translate: (text: string) => string,
  { secret }: Surroundings,
): Record<string, string> {
  const environment = plainEnvironment();
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { secretKeyRef: key } = valueFrom ?? {};
    const found = key === undefined ? translate(value ?? "") : secret(key.name, key.key);
    if (found !== undefined) environment[name] = found;
  }
  return environment;
}

/** Replaces mount paths, where they begin a path, by the folders of this machine. */
function translation(container: Container, volumes: ReadonlyMap<string, string>): (text: string) => string {
  const folders = new Map(
    (container.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, volumes.get(name) ?? ""]),
  );
  const mounts = [...folders.keys()].sort((a, b) => b.length - a.length);
  if (mounts.length === 0) return (text) => text;
  const paths = new RegExp(`(?<![\\w./-])(${mounts.join("|")})(?![\\w.-])`, "g");
  return (text) => text.replace(paths, (mount) => folders.get(mount) ?? mount);
}
