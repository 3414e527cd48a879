import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { CatalogFile } from "../../protocol/event.ts";
import type { CatalogPattern } from "../../protocol/task-fields.ts";
import { globOf } from "../../system/glob.ts";
import { listed } from "./catalog-step.ts";
import type { FilePlace } from "./file-place.ts";
import { findFiles } from "./find-files.ts";
import { trackedByGit } from "./list-project-files.ts";

/**
 * Files in a project's folder that no step of this run made: another run left them there. On another engine they would not
 * be there; here they are found as if they belonged to the run. So it is told, unless git has them, and every engine with it.
 */

/** How much later than the clock a file system may date a change. Milliseconds. */
const clockGrain = 20;

/** Of what a step put, what it did not write. `since`: when its command was started, milliseconds since the epoch. */
export function notWritten(
  put: readonly CatalogFile[],
  got: readonly CatalogFile[],
  { cwd, wasThere }: Pick<FilePlace, "cwd"> & { wasThere(name: string): boolean },
  since: number,
  projectDir: string,
): readonly string[] {
  const gotten = new Set(got.map(({ name }) => name));
  const names = put.flatMap(({ name }) => (gotten.has(name) || name.endsWith("/") ? [] : [name]));
  const old = names.filter((name) => {
    if (wasThere(name)) return true;
    // Of all times of a file the one that nothing sets back, a copy or an unpacked archive neither.
    const changed = lstatSync(join(cwd, name), { throwIfNoEntry: false })?.ctimeMs;
    return changed !== undefined && changed < since - clockGrain;
  });
  const left = unknownToGit(old, projectDir);
  if (left.length === 0) return [];
  return [`\`put\` took files that were there before this step and that it did not write: ${listed(left)}`];
}

/** What stands where a step gets files and is none of them. Patterns that mean everything (`**`) are not looked at. */
export function leftBehind(
  patterns: readonly CatalogPattern[],
  visible: ReadonlyMap<string, CatalogFile>,
  place: FilePlace,
  projectDir: string,
): readonly string[] {
  const names = new Set<string>();
  for (const { pattern } of patterns) {
    const glob = globOf(pattern);
    if (glob === null || (glob.base === "" && glob.depth === Number.POSITIVE_INFINITY)) continue;
    for (const { name } of findFiles(glob, place).files) if (!visible.has(name)) names.add(name);
  }
  const left = unknownToGit([...names], projectDir);
  if (left.length === 0) return [];
  return [`files that match \`get\` were in the folder already; no earlier step put them: ${listed(left)}`];
}

/** Git is asked only where there is something to ask. */
function unknownToGit(names: readonly string[], projectDir: string): readonly string[] {
  if (names.length === 0) return names;
  const tracked = trackedByGit(projectDir);
  return names.filter((name) => !tracked.has(name));
}
