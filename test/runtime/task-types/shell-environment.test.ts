import { describe, expect, it } from "vitest";
import { parseShellEnvironment } from "../../../src/runtime/task-types/shell-environment.ts";

const parse = (text: string) => Object.fromEntries(parseShellEnvironment(Buffer.from(text)));

describe("parseShellEnvironment", () => {
  it.each([
    ["dash", `export A='it'"'"'s'\nexport B='two\nlines'\nexport UNSET\n`, { A: "it's", B: "two\nlines" }],
    [
      "bash",
      `declare -x A="a \\"b\\" \\$c \\\`d\\\` \\\\e"\ndeclare -x B\ndeclare -rx C=""\n`,
      { A: 'a "b" $c `d` \\e', C: "" },
    ],
    ["bash, control characters", `declare -x A=$'it\\'s\\n\\t\\001\\E\\\\'\n`, { A: "it's\n\t\u0001\u001b\\" }],
    ["bash, bytes and code points", `export A=$'\\303\\251 \\xc3\\xa9 \\u00e9 \\U1f600'\n`, { A: "é é é 😀" }],
    ["yash", `export A=it\\''s "q" $x'\nexport B=plain\n`, { A: `it's "q" $x`, B: "plain" }],
    ["ksh", `export A='a b'\nexport B=$'c\\cAd'\n`, { A: "a b", B: "c\u0001d" }],
    ["zsh", `export A=plain\ntypeset -x -i B=5\nexport C=''\n`, { A: "plain", B: "5", C: "" }],
    [
      "bash, arrays",
      `declare -ax A=([0]="apple" [1]="b c" [5]=$'d\\ne' [6]="(1)")\ndeclare -ax B=()\ndeclare -aix C=([0]="1" [1]="2.50")\n`,
      { A: '["apple","b c","d\\ne","(1)"]', B: "[]", C: "[1,2.50]" },
    ],
    [
      "bash, an associative array",
      `declare -Ax M=([k]="v w" ["a]b"]="2" )\ndeclare -x T="(not)"\n`,
      { M: '{"k":"v w","a]b":2}', T: "(not)" },
    ],
    ["mksh, an array", `export A[0]=apple\nexport A[1]='b c'\nexport B=1\n`, { A: '["apple","b c"]', B: "1" }],
    ["yash, an array", `A=(apple 'b c')\nexport A\nexport B=1\n`, { A: '["apple","b c"]', B: "1" }],
    ["zsh, an array", `typeset -ax A=( apple 'b c' )\nexport B=1\n`, { A: '["apple","b c"]', B: "1" }],
    ["env -0", "A=one\nline\0B=\0C=x=y\0", { A: "one\nline", B: "", C: "x=y" }],
    ["nothing", "", {}],
    ["what it does not know", "garbage\nexport A='1'\nmore\n", { A: "1" }],
  ])("%s", (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it("takes a value of megabytes", () => {
    const long = `it's "${"x'y".repeat(1_000_000)}`;
    expect(parse(`export A='${long.replaceAll("'", `'"'"'`)}'\nexport B=2\n`)).toEqual({ A: long, B: "2" });
    expect(parse(`declare -x A="${long.replaceAll('"', '\\"')}"\n`)).toEqual({ A: long });
  });
});
