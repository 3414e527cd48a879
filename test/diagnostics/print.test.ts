import { describe, expect, it } from "vitest";
import { printGithub } from "../../src/diagnostics/print-github.ts";
import { printJson } from "../../src/diagnostics/print-json.ts";
import { printPretty } from "../../src/diagnostics/print-pretty.ts";
import { quote } from "../../src/diagnostics/quote.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";

function found(text: string, token: string, end = token.length) {
  const sink = new DiagnosticSink();
  const file = { name: "p.yaml", text };
  const start = text.indexOf(token);
  sink.report("unknown-next", {
    step: "a",
    name: "b",
    suggestion: "c",
    elsewhere: undefined,
    span: { file, start, end: start + end },
    related: [{ message: "the graph", span: { file, start: 0, end: 3 } }],
  });
  return sink.list();
}

/** The text that stands above the carets. */
function marked(printed: string): string | undefined {
  const lines = printed.split("\n");
  const index = lines.findIndex((line) => /^ +\| +\^+$/.test(line));
  const carets = lines[index] ?? "";
  return lines[index - 1]?.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1);
}

describe("printPretty", () => {
  it("is empty for nothing", () => {
    expect(printPretty([])).toBe("");
  });

  it("frames the place and related places", () => {
    expect(printPretty(found("dag:\n  x: b # y\n", "b"))).toBe(
      [
        "error[unknown-next] p.yaml:2:6",
        '  step "a" is followed by "b", but no step of this graph has that name',
        "",
        "   1 | dag:",
        ">  2 |   x: b # y",
        "     |      ^",
        "",
        "  p.yaml:1:1 the graph",
        ">  1 | dag:",
        "     | ^^^",
        "",
        '  hint: did you mean "c"?',
        "",
        "1 error",
        "",
      ].join("\n"),
    );
  });

  it("says the same with colours", () => {
    const diagnostics = found("dag:\n  x: b\n", "b");
    const coloured = printPretty(diagnostics, { colour: true });
    expect(coloured).toContain("\u001b[1;31merror[unknown-next]\u001b[0m");
    expect(coloured.replace(/\u001b\[[\d;]*m/g, "")).toBe(printPretty(diagnostics));
  });

  it("marks the first line of a place of several lines", () => {
    expect(marked(printPretty(found("dag:\n  steps: |\n    b\n", "|", 8)))).toBe("|");
  });

  it("puts carets below tabs, control and wide characters", () => {
    expect(printPretty(found('dag:\n\t"\u001b": b', "b"))).toContain('>  2 |   "␛": b\n     |        ^');
    expect(printPretty(found("dag:\n日本: b", "b"))).toContain("     |       ^");
    expect(printPretty(found("dag:\n日本: b", "日本"))).toContain("     | ^^^^");
  });

  it("cuts long lines around the place", () => {
    const printed = printPretty(found(`dag:\n  x: ${"y ".repeat(500)}b${" z".repeat(500)}`, "b"));
    expect(marked(printed)).toBe("b");
    expect(Math.max(...printed.split("\n").map((line) => line.length))).toBeLessThan(125);
  });

  it("prints the end of a file", () => {
    expect(printPretty(found("dag:\n", "\n", 1))).toContain("> ");
  });

  it("needs no place", () => {
    const sink = new DiagnosticSink();
    sink.report("pipeline-too-large", { limit: 1 });
    expect(printPretty(sink.list())).toMatch(/^error\[pipeline-too-large\]\n {2}the pipeline/);
  });
});

describe("printJson", () => {
  it("has lines and columns in characters", () => {
    expect(JSON.parse(printJson(found("dag:\n  😀: b\n", "b")))).toEqual({
      diagnostics: [
        {
          code: "unknown-next",
          severity: "error",
          message: 'step "a" is followed by "b", but no step of this graph has that name',
          hint: 'did you mean "c"?',
          file: "p.yaml",
          line: 2,
          column: 6,
          endLine: 2,
          endColumn: 7,
          related: [{ message: "the graph", file: "p.yaml", line: 1, column: 1 }],
        },
      ],
    });
  });

  it("is a list for nothing", () => {
    expect(printJson([])).toBe('{"diagnostics":[]}\n');
  });
});

describe("printGithub", () => {
  it("is a workflow command", () => {
    expect(printGithub(found("dag:\n  x: b\n", "b"))).toBe(
      "::error file=p.yaml,line=2,endLine=2,col=6,endColumn=7,title=unknown-next::" +
        'step "a" is followed by "b", but no step of this graph has that name%0Ahint: did you mean "c"?%0Ap.yaml:1:1: the graph\n',
    );
  });

  it("ends places of several lines with their first line", () => {
    expect(printGithub(found("dag:\n  x: |\n   b\n", "|", 6))).toContain("line=2,endLine=2,col=6,endColumn=7,");
  });

  it("escapes what would end a property or the command", () => {
    const sink = new DiagnosticSink();
    const file = { name: "a,b:c%.yaml", text: "x" };
    sink.report("yaml-syntax", { problem: "100%\nof ::", remedy: undefined, span: { file, start: 0, end: 1 } });
    const printed = printGithub(sink.list());
    expect(printed).toContain("file=a%2Cb%3Ac%25.yaml,");
    expect(printed).toContain("::100%25%0Aof ::\n");
  });
});

describe("quote", () => {
  it("shows control characters and shortens in the middle", () => {
    expect(quote("a\nb\u001b[31m")).toBe('"a␊b␛[31m"');
    expect(quote(`${"a".repeat(100)}z`, 11)).toBe('"aaaaa…aaaaz"');
    expect(quote("\ud800")).toBe('"\ufffd"');
  });
});
