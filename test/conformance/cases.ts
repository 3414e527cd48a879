import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { root } from "../support/build.ts";

const folder = path.join(root, "fixtures/pipelines");

/** A pipeline with its inputs, and the run log that every engine must give. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  /** The `# comment` that opens the pipeline: what the case shows. */
  readonly about: string;
  readonly params: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** A parameters file, as JSON text. */
  readonly file?: string;
}

export function conformanceCases(): readonly Case[] {
  return readdirSync(folder).map((name) => {
    const inputs = path.join(folder, name, "inputs.yaml");
    const given = existsSync(inputs) ? parse(readFileSync(inputs, "utf8")) : {};
    const about = /^# (.*)/.exec(readFileSync(path.join(folder, name, "pipeline.yaml"), "utf8"))?.[1] ?? "";
    return {
      name,
      about,
      folder: path.join(folder, name),
      params: given.params ?? [],
      environment: given.environment ?? {},
      ...(given.file === undefined ? {} : { file: JSON.stringify(given.file) }),
    };
  });
}

/** A fresh copy of the case's files outside the repository, so that nothing of one engine is seen by another. */
export function workspaceOf(testCase: Case): string {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-case-"));
  cpSync(testCase.folder, work, { recursive: true });
  return work;
}

export function expectedLog(testCase: Case): string {
  return path.join(testCase.folder, "expected/run-log.json");
}

/**
 * Cases in which steps may run side by side: these run on each engine with its smallest limit, too. (300 jobs one after the
 * other show nothing that three do not.)
 */
export function sideBySideCases(): readonly Case[] {
  const few = conformanceCases().filter(({ name }) => name !== "map-300");
  return few.filter(({ folder: own }) =>
    readdirSync(own)
      .filter((file) => file.endsWith(".yaml"))
      .some((file) => /\btype: (?:map|parallel)\b/.test(readFileSync(path.join(own, file), "utf8"))),
  );
}

/** Cases that run under every shell with the real shim: one of each construct, and the hostile ones. */
const portable = [
  "conditional-no-branch",
  "dag-in-all",
  "hostile-values",
  "loop-closed-by-gather",
  "map-hostile-items",
  "map-one-at-a-time",
  "names",
  "parallel-branch-fails",
  "retry-late-success",
];

/** The names of the engines that run a case with the real shim. */
export function enginesOf({ name }: Case): readonly string[] {
  return [
    "local",
    "dash",
    "argo",
    "github-actions",
    ...(portable.includes(name) ? ["bash", "busybox", "posh", "yash", "mksh"] : []),
  ];
}
