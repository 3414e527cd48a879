import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../support/build.ts";

/** The pages whose examples are run, relative to the repository. */
export function pages(): readonly string[] {
  const docs = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name));
  return ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...docs.sort()];
}

/** These, and the pages of targets, whose examples need a platform. */
export function allPages(): readonly string[] {
  const targets = readdirSync(path.join(root, "targets")).map((name) => path.join("targets", name, "README.md"));
  return [...pages(), ...targets.filter((page) => existsSync(path.join(root, page)))];
}

export function readPage(page: string): string {
  return readFileSync(path.join(root, page), "utf8");
}

/** A page's lines with fenced blocks and code spans emptied, so that what is left is prose. */
export function proseOf(markdown: string): string {
  let open = false;
  const lines = markdown.split("\n").map((line) => {
    const isFence = line.startsWith("```");
    if (isFence) open = !open;
    return open || isFence ? "" : line.replace(/`[^`]*`/g, "``");
  });
  return lines.join("\n");
}

/** The text below a heading, up to the next one of the same or a higher level. Throws where there is no such heading. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`no heading "${heading}"`);
  const level = heading.indexOf(" ");
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  return rest.slice(0, end < 0 ? rest.length : end).join("\n");
}

/** The rows of all tables of a text, cell by cell; a `\|` is part of a cell. Heads and rules of tables are left out. */
export function rowsOf(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split("\n");
  const isRule = (line: string | undefined) => line !== undefined && /^\|[-|]+\|$/.test(line);
  return lines
    .filter((line, index) => line.startsWith("|") && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** The code spans of a text, also those that go over a line's end. */
export function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? "").replace(/\s+/g, " "));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
