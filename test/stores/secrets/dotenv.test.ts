/** Dotenv files as python-dotenv reads them: by a table, and against python-dotenv itself where there is one. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type Dotenv, parseDotenv } from "../../../src/stores/secrets/dotenv.ts";

const environment = { HOME: "/home/me", SHELL: "/bin/sh" };

/** Each was read by python-dotenv 1.2.4; the last test reads them by the one that is installed. */
const table: readonly (readonly [text: string, values: { readonly [name: string]: string }])[] = [
  ["A=1\nexport B=2\n export\tC = 3 \r\nD=\r\n", { A: "1", B: "2", C: "3", D: "" }],
  ["PASSWORD=correct#horse-9", { PASSWORD: "correct#horse-9" }],
  ["COLOUR=#FF0000", { COLOUR: "#FF0000" }],
  ["A= # note\nB=x # note\nC=x#y\t# note", { A: "", B: "x", C: "x#y" }],
  ["# A=1\n  # B=2\nC=3", { C: "3" }],
  ["URL=http://example.com/x#frag?a=b", { URL: "http://example.com/x#frag?a=b" }],
  [`A="say \\"hi\\" twice"`, { A: 'say "hi" twice' }],
  [`A='it\\'s "so"'`, { A: `it's "so"` }],
  [String.raw`A="a\tb\nc\\d\e\$"`, { A: "a\tb\nc\\d\\e\\$" }],
  [String.raw`A='a\tb\nc\\d'`, { A: "a\\tb\\nc\\d" }],
  [String.raw`A=a\tb\"c`, { A: String.raw`a\tb\"c` }],
  ['A="two\nlines # both" # note\nB=2', { A: "two\nlines # both", B: "2" }],
  ["A='two\r\nlines'\nB=2", { A: "two\r\nlines", B: "2" }],
  ["A=`x`", { A: "`x`" }],
  ['A={"key": "ab#cd"}', { A: '{"key": "ab#cd"}' }],
  ["A=it's", { A: "it's" }],
  [`A=x "y"`, { A: `x "y"` }],
  ["A=one\nA=two", { A: "two" }],
  ["A=1\nB=${A}2\nC=$A", { A: "1", B: "12", C: "$A" }],
  ["A=${B}\nB=1", { A: "", B: "1" }],
  ["A='${HOME}'\nB=\"${HOME}/x\"", { A: "/home/me", B: "/home/me/x" }],
  ["A=${NOWHERE:-else}\nB=${NOWHERE:-}\nC=${NOWHERE}", { A: "else", B: "", C: "" }],
  ["HOME=mine\nA=${HOME}", { HOME: "mine", A: "mine" }],
  ["A=${HOME:x}", { A: "${HOME:x}" }],
  ["'A B'=1\nc.d-e=2", { "A B": "1", "c.d-e": "2" }],
  ["A\nB=1", { B: "1" }],
  ["A=1\nHOME\nA\nB=${A:-x}${HOME:-y}", { B: "" }],
  ["\ufeffFIRST=1\nSECOND=2", { FIRST: "1", SECOND: "2" }],
  ["A=ä é 🫠\nÉ=1", { A: "ä é 🫠", É: "1" }],
  ["A=1\r\rB=2", { A: "1", B: "2" }],
  ["A=x\\\nB=2", { A: "x\\", B: "2" }],
  ["A=  padded  \nB='  padded  '", { A: "padded", B: "  padded  " }],
  ["", {}],
  ["\n\n", {}],
];

const wrong: readonly (readonly [text: string, why: string])[] = [
  ['A="x\ny"\n\nKEY: value', "line 4: write NAME=value, not NAME: value (YAML)"],
  ["A=1\nKEY:\n  nested: 1", "line 2: write NAME=value, not NAME: value (YAML)"],
  ['A=1\nB="open\nC=2', "line 2: its quote is not closed"],
  ["A='x' y", "line 1: text behind the value"],
  ["A=1\n\n=2", "line 3: write NAME=value"],
  ["set A 1", "line 1: text behind the value"],
];

describe("parseDotenv", () => {
  it.each(table)("%j", (text, values) => {
    const read = parseDotenv(text, environment);
    expect(read.wrong).toBeUndefined();
    expect(valuesOf(read)).toEqual(values);
  });

  it.each(wrong)("%j is refused", (text, why) => {
    const read = parseDotenv(text, environment);
    expect(`line ${read.wrong?.line}: ${read.wrong?.why}`).toBe(why);
  });
});

function valuesOf({ values }: Dotenv): object {
  return Object.fromEntries([...values].filter(([, value]) => value !== undefined));
}

/** Reads a JSON list of texts; of each, the values that are set, or null where a line cannot be parsed. */
const program = `
import io, json, sys
from dotenv import dotenv_values
from dotenv.parser import parse_stream
def read(text):
    if any(binding.error for binding in parse_stream(io.StringIO(text, newline=""))): return None
    values = dotenv_values(stream=io.StringIO(text, newline=""))
    return {name: value for name, value in values.items() if value is not None}
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const python = (process.env.MAGNUS_TEST_DOTENV ?? "").split(":").map((folder) => path.join(folder, "python"))[0] ?? "";

function readByPython(texts: readonly string[]): readonly ({ readonly [name: string]: string } | null)[] | undefined {
  const { status, stdout } = spawnSync(python, ["-c", program], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    env: { ...environment, PYTHONUTF8: "1" },
    maxBuffer: 2 ** 26,
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

const isThere = process.env.MAGNUS_TEST_DOTENV !== undefined && readByPython([]) !== undefined;
if (!isThere) process.stderr.write("not tested: python-dotenv itself, which MAGNUS_TEST_DOTENV does not name\n");

describe.skipIf(!isThere)("python-dotenv itself", () => {
  it("reads the table so", () => {
    expect(readByPython(table.map(([text]) => text))).toEqual(table.map(([, values]) => values));
  });

  it("reads random files so", () => {
    const texts = Array.from({ length: 4000 }, (_, seed) => randomText(seed));
    const theirs = readByPython(texts);
    let compared = 0;
    for (const [i, text] of texts.entries()) {
      const ours = parseDotenv(text, environment);
      if (ours.wrong?.why.includes("YAML")) continue;
      compared += 1;
      expect(ours.wrong === undefined ? valuesOf(ours) : null, JSON.stringify(text)).toEqual(theirs?.[i]);
    }
    expect(compared).toBeGreaterThan(3000);
  });
});

/** Pieces that mean something to a reader of such files, by a linear congruence. */
function randomText(seed: number): string {
  const pieces = [
    "A",
    "B",
    "=",
    "=",
    "=",
    " ",
    " #",
    "#",
    "'",
    '"',
    "\\",
    "\\n",
    '\\"',
    "\n",
    "\r\n",
    "${A}",
    "${C:-d}",
  ];
  const more = ["export ", "x", "é", "\t", "${", "}", ":", "\nA=", "\nB='", '\nC="'];
  const all = [...pieces, ...more];
  let state = seed * 2654435761 + 12345;
  const next = (): number => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * 2 ** 16);
  };
  return Array.from({ length: 1 + (next() % 14) }, () => all[next() % all.length]).join("");
}
