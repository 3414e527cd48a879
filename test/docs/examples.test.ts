import { expect, test } from "vitest";
import { commandsOf, outputPattern, readBlocks, untested } from "./examples.ts";

const page = (...lines: readonly string[]): string => lines.join("\n");

test("a block has the words of its info string and the line of its fence", () => {
  const [block, ...more] = readBlocks(page("text", "```yaml file=a.yaml", "x: 1", "```"));
  expect(more).toEqual([]);
  expect(block).toEqual({ language: "yaml", role: undefined, file: "a.yaml", exit: 0, text: "x: 1\n", line: 2 });
});

test("an unknown word and an open fence are errors", () => {
  expect(() => readBlocks(page("```sh runs", "```"))).toThrow('line 1: nobody knows what "runs" means');
  expect(() => readBlocks(page("", "```sh"))).toThrow("line 2: the block is not closed");
});

test("commands go over continued lines and leave comments out", () => {
  const [block] = readBlocks(page("```sh run", "# first", "a \\", "  b", "c", "```"));
  expect(block && commandsOf(block)).toEqual(["a    b", "c"]);
});

test("yaml that is no file, a file that nothing runs, and output of nothing are named", () => {
  expect(untested(readBlocks(page("```yaml", "a: 1", "```")))).toEqual(["line 1: yaml without file="]);
  expect(untested(readBlocks(page("```yaml file=a", "```", "```yaml file=a", "```", "```sh run", "x", "```")))).toEqual(
    ["line 1: no command after a is run"],
  );
  expect(untested(readBlocks(page("```text output", "```")))).toEqual(["line 1: output of no command"]);
});

test("an ellipsis stands for the rest of a line, alone for any lines", () => {
  const pattern = outputPattern("run …  ok\n…\nend\n");
  expect("run 17  ok\na\nb\nend\n").toMatch(pattern);
  expect("run 17  ok\nend\n").toMatch(pattern);
  expect("run 17  bad\nend\n").not.toMatch(pattern);
  expect("run 17  ok\nend\nmore\n").not.toMatch(pattern);
});
