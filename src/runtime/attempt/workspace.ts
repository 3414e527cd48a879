import { lstatSync, mkdtempSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CatalogFile } from "../../protocol/event.ts";
import { globOf } from "../../system/glob.ts";
import { type Budget, fillDirectory, type OwnDirectory, writtenSince } from "../directory/own-directory.ts";
import type { RunDirectory } from "../directory/run-directory.ts";
import { isSame, signatureOf } from "../directory/signature.ts";
import { fillFromSpare, keepSpare } from "../directory/spare-directories.ts";
import { listed } from "../files/catalog-step.ts";
import type { FilePlace } from "../files/file-place.ts";
import { ignoredByGit, trackedByGit } from "../files/list-project-files.ts";
import { type MissingFiles, missingFiles } from "../files/missing-files.ts";
import { scratchFolder } from "../given/scratch.ts";
import type { StepRun, StepServices } from "./step-run.ts";

export interface Workspace extends FilePlace {
  /** Tells it which files the step got, so that they do not count as written. */
  gotten(files: readonly CatalogFile[]): void;
  /** Whether a file of the step's own directory is as it was when that was made. Of a shared one nobody knows: false. */
  wasThere(name: string): boolean;
  /** What the step wrote that is lost with its own directory, or that went into the project; a text each. */
  losses(kept: readonly CatalogFile[]): readonly string[];
  /** Why something is not there that a failure speaks of. */
  readonly missing: MissingFiles;
  /** Removes it where it is the attempt's own. */
  remove(): void;
}

/**
 * The working directory of an attempt: the one of the run, as with make, which is the project's folder unless the run has a
 * directory of its own; or, where steps that use the catalog run beside each other, one of the attempt's own, so that two of
 * them that write `out.csv` keep theirs apart; or, where an attempt may repeat another one, so that each begins with the
 * same files, as it does in a pod of its own. `always`: one for every step, with what another machine would have: without
 * what git ignores, and without what the catalog has for it, which it must get.
 */
export function openWorkspace(
  { spec, files }: Pick<StepRun, "spec" | "files">,
  { isolate, projectDir, runDirectory }: Pick<StepServices, "isolate" | "projectDir" | "runDirectory">,
): Workspace {
  const globs = (list: "get" | "put") =>
    (spec.task?.catalog?.[list] ?? []).flatMap(({ pattern }) => globOf(pattern) ?? []);
  const put = globs("put");
  runDirectory?.withhold(put);
  const home = runDirectory?.cwd ?? projectDir;
  const wanted = isolate === "auto" ? needsItsOwn(spec) : isolate === "always";
  if (!wanted) return sharedWorkspace(home, projectDir, runDirectory);
  const cwd = mkdtempSync(join(scratchFolder(), "work-"));
  const get = globs("get");
  const got = get.length === 0 ? [] : [...files.keys()].filter((name) => get.some((glob) => glob.matches(name)));
  const hidden = new Map([
    ...(runDirectory?.missing ?? nothing),
    ...(isolate === "always" ? missingElsewhere(projectDir, files) : nothing),
  ]);
  const key = JSON.stringify([home, isolate, put.map(({ pattern }) => pattern), got, [...hidden.keys()]]);
  const own = fillFromSpare(cwd, home, key) ?? fillDirectory(cwd, home, { put, get: got, hidden, budget });
  const { roots } = sharedWorkspace(home, projectDir, runDirectory);
  return {
    cwd,
    roots: [cwd, ...roots],
    gotten: (gotten) => {
      for (const { name } of gotten) {
        const state = lstatSync(join(cwd, name), { throwIfNoEntry: false });
        if (!state?.isFile()) continue;
        own.copies.set(name, signatureOf(state));
        own.got.add(name);
      }
    },
    wasThere: (name) => isUntouched(name, cwd, home, own),
    losses: (kept) => lossesIn(cwd, home, own, kept),
    missing: missingFiles(own.missing),
    remove: () => keepSpare(cwd, own, key),
  };
}

function needsItsOwn(spec: StepRun["spec"]): boolean {
  const repeats = (spec.task?.maxAttempts ?? 1) > 1 && spec.platformRetries !== true;
  return repeats || (spec.concurrent === true && catalogues(spec));
}

/** Of an attempt that ends before it has one. */
export function noWorkspace(projectDir: string): Workspace {
  return sharedWorkspace(projectDir, projectDir, undefined);
}

/** An isolated step is to cost little beside the step itself: some hundred system calls. */
const budget: Budget = { entries: 256, copies: 64, bytes: 256 * 1024 };

const nothing: ReadonlyMap<string, string> = new Map();

function sharedWorkspace(home: string, projectDir: string, runDirectory: RunDirectory | undefined): Workspace {
  return {
    cwd: home,
    roots: home === projectDir ? [projectDir] : [home, projectDir],
    gotten: () => {},
    wasThere: () => false,
    losses: () => [],
    missing: missingFiles(runDirectory?.missing ?? nothing),
    remove: () => {},
  };
}

/** An executed notebook is stored without being named under `catalog`. */
function catalogues({ task }: StepRun["spec"]): boolean {
  return task?.catalog !== undefined || task?.type === "notebook";
}

function missingElsewhere(projectDir: string, catalogued: StepRun["files"]): ReadonlyMap<string, string> {
  const hidden = new Map<string, string>();
  for (const name of ignoredByGit(projectDir)) hidden.set(name, "git ignores it");
  const tracked = catalogued.size === 0 ? undefined : trackedByGit(projectDir);
  for (const name of catalogued.keys()) {
    if (!tracked?.has(name)) hidden.set(name, "it is in the catalog; use `get` to fetch it");
  }
  return hidden;
}

/** Milliseconds in which a file system may date two changes alike. */
const clockGrain = 50;

/**
 * Whether a file came from the project and is as it was. Of what came out of the catalog times say nothing: it was written
 * just before the step began.
 */
function isUntouched(name: string, cwd: string, project: string, own: OwnDirectory): boolean {
  const before = own.copies.get(name) ?? own.links.get(name) ?? undefined;
  if (before === undefined || own.got.has(name) || before.mtimeMs > own.filledAt - clockGrain) return false;
  const state = lstatSync(join(cwd, name), { throwIfNoEntry: false });
  if (!own.links.has(name)) return isSame(state, before);
  return state?.isSymbolicLink() === true && isSame(statSync(join(project, name), { throwIfNoEntry: false }), before);
}

function lossesIn(cwd: string, home: string, own: OwnDirectory, kept: readonly CatalogFile[]): readonly string[] {
  const names = new Set(kept.map(({ name }) => name));
  const { here, through } = writtenSince(cwd, home, own);
  const lost = here.filter((name) => !names.has(name));
  const lines: string[] = [];
  if (lost.length > 0) {
    lines.push(`written in the step's directory but not kept, since no \`put\` matches: ${listed(lost)}`);
  }
  if (through.length > 0) {
    lines.push(
      `changed in the project while the step ran (a link leads there from its own directory): ${listed(through)}`,
    );
  }
  return lines;
}
