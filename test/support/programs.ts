import { spawn } from "node:child_process";
import path from "node:path";
import { root } from "./build.ts";
import { withoutAws } from "./without-aws.ts";

export const magnus = path.join(root, "dist/magnus.js");
/** As people start it. */
export const shim = path.join(root, "dist/start.cjs");
/** What that starts, which is a program by itself, too. */
export const shimAlone = path.join(root, "dist/shim.cjs");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
}

/** Runs a program to its end, with a small environment of its own. */
export function run(command: string, args: readonly string[], { cwd, env = {} }: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export function runMagnus(args: readonly string[], options: RunOptions): Promise<Ended> {
  return run(process.execPath, [magnus, ...args], options);
}

/**
 * What a program needs to start; nothing of the developer's MAGNUS_* and AWS_*, a language that messages do not depend on, and
 * no request to a machine's metadata service.
 */
export function plainEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const temporary = TMPDIR === undefined ? {} : { TMPDIR };
  return { PATH, HOME, LC_ALL: "C.UTF-8", ...withoutAws, ...temporary };
}
