/** The house as ARCHITECTURE.md draws it: who may import whom, no circles, rooms that can be overlooked. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const files = ["src", "targets"].flatMap((base) =>
  readdirSync(path.join(root, base), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/")),
);
const sources = files.filter((file) => file.endsWith(".ts"));

/** Of each source the files that it imports, types included. */
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const named = text.matchAll(/^(?:import|export)\b[^"';]*?\bfrom "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...named].map(([, stated, called]) => path.posix.join(path.posix.dirname(file), stated ?? called ?? ""));
}

/** The rows of ARCHITECTURE.md's table: a room and the rooms that it may import. */
const rooms = [
  ...readFileSync(path.join(root, "ARCHITECTURE.md"), "utf8").matchAll(/^\| (`.*`) \|.*\| (.*) \|$/gm),
].flatMap(([, names = "", allowed = ""]) =>
  [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => ({ name, allowed: allowed.split(", ") })),
);

/** The room of the table that a file is in; `targets/*` is a room for each target. */
function roomOf(file: string): { readonly name: string; readonly allowed: readonly string[]; readonly place: string } {
  for (const { name, allowed } of rooms) {
    const [, place] = new RegExp(`^(${name.replace("*", "[^/]+")})(?:/|$)`).exec(file) ?? [];
    if (place !== undefined) return { name, allowed, place };
  }
  throw new Error(`${file} is in no room of ARCHITECTURE.md's table`);
}

function isAllowed(from: string, to: string): boolean {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here.place === there.place) return true;
  if (there.name === "src/cli") return false;
  if (here.allowed.some((each) => each.startsWith("anything"))) return true;
  return here.allowed.includes(there.name.replace(/^src\//, ""));
}

/** What is reachable from itself. */
function circles(arrows: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const reached = (from: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const waiting = [...(arrows.get(from) ?? [])];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      waiting.push(...(arrows.get(at) ?? []));
    }
    return seen;
  };
  return [...arrows.keys()].filter((each) => reached(each).has(each));
}

describe("the house", () => {
  test("every file is in a room of the table, and every room has files", () => {
    const used = new Set(sources.map((file) => roomOf(file).name));
    expect(rooms.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  test("a room imports only what the table allows", () => {
    const wrong = [...imports].flatMap(([file, targets]) =>
      targets.filter((target) => !isAllowed(file, target)).map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no circle between files, those of types included", () => {
    expect(circles(imports)).toEqual([]);
  });

  test("no circle between folders", () => {
    const folders = new Map<string, string[]>();
    for (const [file, targets] of imports) {
      const folder = path.posix.dirname(file);
      const others = targets.map((target) => path.posix.dirname(target)).filter((other) => other !== folder);
      folders.set(folder, [...(folders.get(folder) ?? []), ...others]);
    }
    expect(circles(folders)).toEqual([]);
  });

  test("YAML is known to its front end, and to files of configuration and of parameters", () => {
    const readers = [...imports].filter(([, targets]) => targets.includes("src/frontends/yaml.ts"));
    expect(readers.map(([file]) => file).sort()).toEqual([
      "src/configuration/read-layer.ts",
      "src/frontends/yaml-frontend.ts",
      "src/parameters/collect-parameters.ts",
    ]);
  });

  test("a folder has at most 20 files, but for those that are tables of contents", () => {
    const contents = new Set(["src/lower", "src/rules", "src/protocol", "src/diagnostics"]);
    const counts = new Map<string, number>();
    for (const file of files) counts.set(path.posix.dirname(file), (counts.get(path.posix.dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([folder, count]) => count > 20 && !contents.has(folder))).toEqual([]);
  });

  test("a file has at most 300 lines", () => {
    const long = sources.filter((file) => readFileSync(path.join(root, file), "utf8").split("\n").length > 301);
    expect(long).toEqual([]);
  });
});
