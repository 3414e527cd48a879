import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { root } from "./build.ts";
import { type Ended, runMagnus } from "./programs.ts";
import { workspace } from "./workspace.ts";

/** Where the shim is installed for containers: once for all tests of a file. */
export const cache = mkdtempSync(path.join(tmpdir(), "magnus-cache-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const configuration = `executor:
  type: local-container
  config: {docker_image: "usual:1", environment: {SITE: "a b"}, overrides: {here: {run_in_local: true}}}
`;

/** A project, and an engine that stands for docker. */
export function containerProject(files: { readonly [name: string]: string }) {
  const cwd = workspace({ "magnus-config.yaml": configuration, ...files });
  const bin = workspace();
  copyFileSync(path.join(root, "test/support/stand-in-engine.mjs"), path.join(bin, "docker"));
  chmodSync(path.join(bin, "docker"), 0o755);
  const notes = path.join(bin, "notes");
  const env = {
    PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
    XDG_CACHE_HOME: cache,
    STAND_IN_NOTES: notes,
  };
  return {
    cwd,
    env,
    run: (args: readonly string[], more: { readonly [name: string]: string } = {}): Promise<Ended> =>
      runMagnus(["run", "pipeline.yaml", ...args], { cwd, env: { ...env, ...more } }),
    notes: (): readonly Note[] =>
      existsSync(notes)
        ? readFileSync(notes, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line))
        : [],
  };
}

/** What the engine was asked. */
export interface Note {
  readonly verb: string;
  readonly args: readonly string[];
  readonly image: string;
  readonly envFile: string;
  readonly mode: string;
  readonly env: { readonly [name: string]: string };
}

/** What a step of the run before got would be found by the steps of the next one. */
export function removeFetched(cwd: string): void {
  for (const name of ["a.txt", "b.txt"]) rmSync(path.join(cwd, name));
}

/** Steps of every kind; some put files, one fails. */
export const everything = `parameters: {n: 20, items: [a, b]}
dag:
  start_at: first
  steps:
    first:
      {type: task, command_type: shell, command: 'export m=$((n + 1))', returns: [m], next: each}
    each:
      type: map
      iterate_on: items
      iterate_as: item
      next: loop
      branch:
        steps:
          - name: work
            type: task
            command_type: shell
            command: 'echo "$item $m" >$item.txt; export text=$item$m'
            returns: [text]
            catalog: {put: ["*.txt"]}
    loop:
      type: loop
      max_iterations: 3
      break_on: enough
      index_as: i
      next: wrong
      branch:
        steps: [{name: round, type: task, command_type: shell, command: 'export enough=$( [ "$i" = 1 ] && echo true || echo false )', returns: [enough]}]
    wrong: {type: task, command_type: shell, command: 'exit 3', max_attempts: 2, next: success, on_failure: handled}
    handled:
      {type: task, command_type: shell, command: 'cat a.txt b.txt', catalog: {get: ["*.txt"]}, next: last}
    last: {type: stub, next: success}
`;
