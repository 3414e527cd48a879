import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { magnus, plainEnvironment, run, shim } from "../support/programs.ts";
import { type Block, commandsOf, outputPattern, readBlocks, untested } from "./examples.ts";
import { pages, readPage } from "./pages.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "magnus-docs-"));
const bin = path.join(scratch, "bin");

beforeAll(() => {
  mkdirSync(bin);
  for (const [name, file] of Object.entries({ magnus, "magnus-shim": shim })) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${file}' "$@"\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.for(pages())("%s", { concurrent: true }, (page) => {
  const blocks = readBlocks(readPage(page));

  test("all yaml is a tested example", () => {
    expect(untested(blocks)).toEqual([]);
  });

  if (blocks.every(({ role }) => role !== "run")) return;
  test("the examples do what the page says", async () => {
    await runExamples(page, blocks);
  });
});

/** Runs a page's blocks in order in a folder of its own. */
async function runExamples(page: string, blocks: readonly Block[]): Promise<void> {
  const cwd = path.join(scratch, page.replaceAll("/", "_"));
  mkdirSync(cwd);
  let printed: Printed = { stdout: "", stderr: "" };
  for (const block of blocks) {
    const place = `${page}:${block.line}`;
    if (block.file !== undefined) write(path.join(cwd, block.file), block.text);
    else if (block.role === "run") printed = await runCommands(block, cwd, place);
    else if (block.role === "output")
      expect(printed.stdout, `${place}\n${printed.stderr}`).toMatch(outputPattern(block.text));
  }
}

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Runs the commands of a block; returns what the last one printed. */
async function runCommands(block: Block, cwd: string, place: string): Promise<Printed> {
  const env = { PATH: `${bin}:${plainEnvironment().PATH}` };
  const commands = commandsOf(block);
  let printed: Printed = { stdout: "", stderr: "" };
  for (const [index, command] of commands.entries()) {
    const { code, stdout, stderr } = await run("sh", ["-c", command], { cwd, env });
    const expected = index === commands.length - 1 ? block.exit : 0;
    expect(code, `${place}: ${command}\n${stdout}${stderr}`).toBe(expected);
    printed = { stdout, stderr };
  }
  return printed;
}
