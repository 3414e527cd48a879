import { readdirSync, readFileSync } from "node:fs";

/**
 * The programs of other languages that this runtime starts, as texts by file name: from the repository where magnus runs
 * from its sources. The build replaces this module by one that holds the texts, compressed (scripts/embed-runners.mjs),
 * since a shim is one file that must work wherever it is copied.
 */
export function runnerTexts(): { readonly [name: string]: string } {
  const root = new URL("../../../", import.meta.url);
  const folders = [
    [new URL("python/src/magnus/", root), ".py"],
    [new URL("src/runtime/task-types/", root), ".mjs"],
  ] as const;
  const files = folders.flatMap(([folder, ending]) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => [name, readFileSync(new URL(name, folder), "utf8")]),
  );
  return Object.fromEntries(files);
}
