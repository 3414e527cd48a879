import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CatalogFile } from "../../protocol/event.ts";
import type { CatalogPattern } from "../../protocol/task-fields.ts";
import { CatalogError } from "../../stores/contract/catalog-error.ts";
import type { CatalogStore } from "../../stores/contract/catalog-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { errorCode } from "../../system/error-code.ts";
import { globOf } from "../../system/glob.ts";
import type { Failure } from "../task-types/task-type.ts";
import type { FilePlace } from "./file-place.ts";
import { type FoundFiles, findFiles, isInside, type LeftOutReason } from "./find-files.ts";

/** Of no bytes, as empty folders are recorded. */
const nothing = { digest: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", size: 0 } as const;

export interface Transferred {
  readonly files: readonly CatalogFile[];
  readonly failure?: Failure;
  readonly warnings: readonly string[];
}

/** Copies the visible files that match into place, verified. Stops at the first that fails. */
export async function getFiles(
  patterns: readonly CatalogPattern[],
  visible: ReadonlyMap<string, CatalogFile>,
  place: FilePlace,
  catalog: CatalogStore,
): Promise<Transferred> {
  const wanted = new Map<string, CatalogFile>();
  for (const { pattern, optional } of patterns) {
    const glob = globOf(pattern);
    if (glob === null) return failed("catalog-get", leaves(pattern), []);
    const matching = [...visible.values()].filter(({ name }) => glob.matches(name.replace(/\/$/, "")));
    if (matching.length === 0 && !optional) return failed("catalog-get", noneVisible(pattern, visible), []);
    for (const file of matching) wanted.set(file.name, file);
  }
  if (!catalog.keeps) {
    const warnings = wanted.size === 0 ? [] : [`the catalog (${catalog.name}) stores no files: none was copied`];
    return { files: [], warnings };
  }
  const got: CatalogFile[] = [];
  for (const file of wanted.values()) {
    // A file of that name was put by another step than the empty folder.
    if (file.name.endsWith("/") && wanted.has(file.name.slice(0, -1))) continue;
    const failure = await getOne(file, place, catalog);
    if (failure !== undefined) return failed("catalog-get", failure, got);
    got.push(file);
  }
  return { files: got, warnings: [] };
}

/**
 * Stores the files that match. A pattern that matches nothing, or something that cannot be stored, is a failure; all others
 * are stored nevertheless. What a pattern leaves out is a warning.
 */
export async function putFiles(
  patterns: readonly CatalogPattern[],
  place: FilePlace,
  catalog: CatalogStore,
): Promise<Transferred> {
  const wanted = new Map<string, WantedPut>();
  const failures: string[] = [];
  const warnings: string[] = [];
  for (const { pattern, optional, digestOnly = false } of patterns) {
    const glob = globOf(pattern);
    if (glob === null) {
      failures.push(leaves(pattern));
      continue;
    }
    const found = findFiles(glob, place);
    failures.push(...found.refused);
    warnings.push(...leftOutBy(pattern, found));
    if (found.files.length === 0 && found.refused.length === 0 && !optional) failures.push(noneMatches(pattern, found));
    for (const file of found.files) wanted.set(file.name, { ...file, digestOnly });
    for (const folder of found.emptyFolders) wanted.set(`${folder}/`, { name: `${folder}/`, mode: 0o755, digestOnly });
  }
  const files: CatalogFile[] = [];
  for (const file of wanted.values()) {
    try {
      files.push(await putOne(file, place, catalog));
    } catch (error) {
      failures.push(explain(error));
    }
  }
  const [first, ...more] = failures;
  if (first === undefined) return { files, warnings };
  const rest = more.length === 0 ? "" : ` (and ${more.length} more: ${more.slice(0, 3).join("; ")})`;
  return { ...failed("catalog-put", `${first}${rest}`, files), warnings };
}

interface WantedPut {
  /** Ends with a slash: an empty folder. */
  readonly name: string;
  readonly mode: number;
  readonly digestOnly: boolean;
}

function noneMatches(pattern: string, { emptyFolders, leftOut }: FoundFiles): string {
  const others = emptyFolders.length > 0 ? ", only empty folders do" : leftOut.size > 0 ? " that can be put" : "";
  return `no file matches "${pattern}"${others}`;
}

const reasons: { readonly [reason in LeftOutReason]: string } = {
  hidden: "hidden; a pattern must include the dot, or name the folder",
  "a link to a folder": "links to folders; wildcards do not follow them: name the folder",
  "leads nowhere": "broken links",
  "a link in a circle": "links to a folder around them",
  "no file": "neither files nor folders",
};

function leftOutBy(pattern: string, { leftOut }: FoundFiles): readonly string[] {
  return [...leftOut].map(
    ([reason, names]) => `put "${pattern}" skips ${names.length} (${reasons[reason]}): ${listed(names)}`,
  );
}

/** The first few of many names. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => (/[\x00-\x20\x7f",]/.test(name) ? JSON.stringify(name) : name));
  return `${shown.join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}

function failed(reason: "catalog-get" | "catalog-put", message: string, files: readonly CatalogFile[]): Transferred {
  return { files, failure: { reason, message }, warnings: [] };
}

function leaves(pattern: string): string {
  return `the pattern "${pattern}" leaves the working directory`;
}

function noneVisible(pattern: string, visible: ReadonlyMap<string, CatalogFile>): string {
  const names = [...visible.keys()];
  const there = names.length === 0 ? "no files" : listed(names);
  return `nothing in the catalog matches "${pattern}"; this step sees ${there}`;
}

async function getOne(file: CatalogFile, place: FilePlace, catalog: CatalogStore): Promise<string | undefined> {
  if (file.digestOnly) return `only the digest of "${file.name}" was recorded (store_copy: false): it cannot be got`;
  const isFolder = file.name.endsWith("/");
  const parts = (isFolder ? file.name.slice(0, -1) : file.name).split("/");
  if (parts.includes("..") || parts.includes("") || file.name.includes("\0")) return leaves(file.name);
  const target = join(place.cwd, file.name);
  if (!isInside(existingParent(target), [place.cwd])) {
    return `"${file.name}" would be written through a symbolic link that leaves the working directory`;
  }
  try {
    if (isFolder) mkdirSync(target, { recursive: true });
    else {
      const mode = /^[0-7]{3}$/.test(file.mode ?? "") ? { mode: Number.parseInt(file.mode ?? "", 8) } : {};
      await catalog.getFile(file.digest, target, { executable: file.executable === true, ...mode });
    }
    return undefined;
  } catch (error) {
    return `"${file.name}": ${explain(error)}`;
  }
}

function existingParent(file: string): string {
  let folder = dirname(file);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** The message of an error that a store or the file system reports; others are defects. */
function explain(error: unknown): string {
  if (error instanceof StoreError || error instanceof CatalogError) return error.message;
  if (error instanceof Error && errorCode(error) !== undefined) return error.message;
  throw error;
}

/** Puts the files of one name on record; the content of a folder's entry is nothing. */
async function putOne(
  { name, mode, digestOnly }: WantedPut,
  place: FilePlace,
  catalog: CatalogStore,
): Promise<CatalogFile> {
  if (name.endsWith("/")) return { name, ...nothing };
  const file = join(place.cwd, name);
  const keep = catalog.keeps && !digestOnly;
  const { digest, size } = await (keep ? catalog.putFile(file) : catalog.digestFile(file));
  return {
    name,
    digest,
    size,
    ...((mode & 0o111) === 0 ? {} : { executable: true as const }),
    ...modePart(mode),
    ...(keep ? {} : { digestOnly: true as const }),
  };
}

/** Permissions that differ from what every new file has; whether group and others may write is the umask's to say. */
function modePart(mode: number): { readonly mode?: string } {
  const kept = mode & 0o755;
  const usual = (mode & 0o111) === 0 ? 0o644 : 0o755;
  return kept === usual ? {} : { mode: kept.toString(8).padStart(3, "0") };
}
