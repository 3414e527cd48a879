import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { CatalogFile } from "../../protocol/event.ts";
import type { CatalogPattern } from "../../protocol/task-fields.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import { literalPattern } from "../../system/glob.ts";
import { putFiles, type Transferred } from "../files/catalog-step.ts";
import type { Redactor } from "../masking/redactor.ts";
import type { Answers } from "../task-types/task-type.ts";
import type { Staged } from "./stage-attempt.ts";

/**
 * Stores what the patterns match, and the executed notebook where there is one. `files`: what may be recorded of it; a file
 * that the attempt found and did not change is marked so. `visible`: what the step could get.
 */
export async function putExecuted(
  patterns: readonly CatalogPattern[],
  { workspace, redactor }: Pick<Staged, "workspace" | "redactor">,
  catalog: CatalogStore,
  answers: Answers,
  visible: ReadonlyMap<string, CatalogFile> = new Map(),
): Promise<{ readonly put: Transferred; readonly files: readonly CatalogFile[] }> {
  const { executed } = answers;
  if (executed !== undefined) redactFile(join(workspace.cwd, executed), redactor);
  const all = executed === undefined ? patterns : [...patterns, { pattern: literalPattern(executed) }];
  const put = await putFiles(all, workspace, catalog);
  const files = put.files.map((file) => {
    const before = visible.get(file.name);
    const found = workspace.wasThere(file.name) || (before !== undefined && contentOf(file) === contentOf(before));
    return found ? { ...file, found: true as const } : file;
  });
  return { put, files: marked(files, answers).filter(({ name }) => !redactor.finds(name)) };
}

function contentOf({ digest, mode, executable, digestOnly }: CatalogFile): string {
  return [digest, mode, executable, digestOnly].join();
}

function marked(files: readonly CatalogFile[], { executed }: Answers): readonly CatalogFile[] {
  if (executed === undefined) return files;
  const name = posix.normalize(executed);
  return files.map((file) => (file.name === name ? { ...file, executed: true } : file));
}

/** An executed notebook holds what its cells printed, as a log does. */
function redactFile(file: string, redactor: Redactor): void {
  if (redactor.idle) return;
  const text = readFileSync(file, "utf8");
  const redacted = redactor.redact(text);
  if (redacted !== text) writeFileSync(file, redacted);
}
