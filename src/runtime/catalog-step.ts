import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CatalogFile } from "../protocol/event.ts";
import type { CatalogPattern } from "../protocol/step-spec.ts";
import { CatalogError } from "../stores/catalog-error.ts";
import type { CatalogStore } from "../stores/catalog-store.ts";
import { errorCode, StoreError } from "../stores/store-error.ts";
import { type Glob, globOf } from "./glob.ts";
import type { Failure } from "./task-types/task-type.ts";

/** Where an attempt's files are. Absolute. */
export interface FilePlace {
  /** The working directory, to which all names are relative. */
  readonly cwd: string;
  /** Folders into which a symbolic link may lead. */
  readonly roots: readonly string[];
}

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
    const matching = [...visible.values()].filter((file) => glob.matches(file.name));
    if (matching.length === 0 && !optional) return failed("catalog-get", noneVisible(pattern, visible), []);
    for (const file of matching) wanted.set(file.name, file);
  }
  if (!catalog.keeps) {
    const warnings = wanted.size === 0 ? [] : [`the catalog (${catalog.name}) keeps no files: none was copied`];
    return { files: [], warnings };
  }
  const got: CatalogFile[] = [];
  for (const file of wanted.values()) {
    const failure = await getOne(file, place, catalog);
    if (failure !== undefined) return failed("catalog-get", failure, got);
    got.push(file);
  }
  return { files: got, warnings: [] };
}

/**
 * Stores the files that match. A pattern that matches nothing is a failure; all others are stored nevertheless.
 */
export async function putFiles(
  patterns: readonly CatalogPattern[],
  place: FilePlace,
  catalog: CatalogStore,
): Promise<Transferred> {
  const found = new Map<string, FoundFile & { readonly digestOnly: boolean }>();
  let failure: string | undefined;
  for (const { pattern, optional, digestOnly } of patterns) {
    const glob = globOf(pattern);
    const matching = glob === null ? leaves(pattern) : findFiles(glob, place);
    if (typeof matching === "string") failure ??= matching;
    else if (matching.length === 0 && !optional) failure ??= `no file matches "${pattern}"`;
    else for (const file of matching) found.set(file.name, { ...file, digestOnly: digestOnly === true });
  }
  const files: CatalogFile[] = [];
  for (const file of found.values()) {
    try {
      files.push(await putOne(file, place, catalog));
    } catch (error) {
      failure ??= explain(error);
    }
  }
  return failure === undefined ? { files, warnings: [] } : failed("catalog-put", failure, files);
}

function failed(reason: "catalog-get" | "catalog-put", message: string, files: readonly CatalogFile[]): Transferred {
  return { files, failure: { reason, message }, warnings: [] };
}

function leaves(pattern: string): string {
  return `the pattern "${pattern}" leaves the working directory`;
}

function noneVisible(pattern: string, visible: ReadonlyMap<string, CatalogFile>): string {
  const names = [...visible.keys()];
  const shown = names.slice(0, 5).join(", ");
  const there = names.length === 0 ? "no files" : `${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
  return `nothing in the catalog matches "${pattern}"; this step sees ${there}`;
}

async function getOne(file: CatalogFile, place: FilePlace, catalog: CatalogStore): Promise<string | undefined> {
  if (file.digestOnly) return `only the digest of "${file.name}" was recorded (store_copy: false): it cannot be got`;
  const parts = file.name.split("/");
  if (parts.includes("..") || parts.includes("") || file.name.includes("\0")) return leaves(file.name);
  const target = join(place.cwd, file.name);
  if (!isInside(existingParent(target), [place.cwd])) {
    return `"${file.name}" would be written through a symbolic link that leaves the working directory`;
  }
  try {
    await catalog.getFile(file.digest, target, { executable: file.executable === true });
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

interface FoundFile {
  readonly name: string;
  readonly executable: boolean;
}

/** The files that match, by name; or why one of them is refused. */
function findFiles(glob: Glob, place: FilePlace): readonly FoundFile[] | string {
  const base = join(place.cwd, glob.base);
  const state = statSync(base, { throwIfNoEntry: false });
  if (state === undefined) return [];
  if (!isInside(base, place.roots)) return linksOut(glob.base);
  if (state.isFile()) return glob.matches(glob.base) ? [foundFile(glob.base, state)] : [];
  const found: FoundFile[] = [];
  for (const { name, entry } of filesBelow(place.cwd, glob)) {
    if (!glob.matches(name)) continue;
    const file = join(place.cwd, name);
    const target = statSync(file, { throwIfNoEntry: false });
    // A link to nowhere, to a folder, or a socket or pipe is no file.
    if (!target?.isFile()) continue;
    if (entry.isSymbolicLink() && !isInside(file, place.roots)) return linksOut(name);
    found.push(foundFile(name, target));
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Symbolic links to folders are not followed below the pattern's base: they could lead in circles. */
function* filesBelow(cwd: string, glob: Glob): Generator<{ readonly name: string; readonly entry: Dirent }> {
  const pending = [{ folder: glob.base, depth: 1 }];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of entriesIn(join(cwd, at.folder))) {
      const name = at.folder === "" ? entry.name : `${at.folder}/${entry.name}`;
      if (!entry.isDirectory()) yield { name, entry };
      else if (at.depth < glob.depth && (glob.dots || !entry.name.startsWith("."))) {
        pending.push({ folder: name, depth: at.depth + 1 });
      }
    }
  }
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Not to be read, or gone: nothing in it can be put.
    return [];
  }
}

function foundFile(name: string, state: Stats): FoundFile {
  return { name, executable: (state.mode & 0o111) !== 0 };
}

function linksOut(name: string): string {
  return `"${name}" is a symbolic link that leaves the working directory`;
}

function isInside(path: string, roots: readonly string[]): boolean {
  const real = realpathSync(path);
  return roots.some((root) => {
    const folder = realpathSync(root);
    return real === folder || real.startsWith(folder === "/" ? folder : `${folder}/`);
  });
}

async function putOne(
  { name, executable, digestOnly }: FoundFile & { readonly digestOnly: boolean },
  place: FilePlace,
  catalog: CatalogStore,
): Promise<CatalogFile> {
  const file = join(place.cwd, name);
  const keep = catalog.keeps && !digestOnly;
  const { digest, size } = await (keep ? catalog.putFile(file) : catalog.digestFile(file));
  return { name, digest, size, ...(executable ? { executable } : {}), ...(keep ? {} : { digestOnly: true }) };
}
