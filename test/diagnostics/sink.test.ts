import { describe, expect, it } from "vitest";
import { codes } from "../../src/diagnostics/codes.ts";
import { DiagnosticSink } from "../../src/diagnostics/sink.ts";

const a = { name: "a.yaml", text: "x\ny\n" };
const b = { name: "b.yaml", text: "x\ny\n" };
const at = (file: typeof a, start: number) => ({ file, start, end: start + 1 });

describe("DiagnosticSink", () => {
  it("lists by file, then place; without a place first", () => {
    const sink = new DiagnosticSink();
    sink.report("unreachable", { step: "3", span: at(b, 0) });
    sink.report("unreachable", { step: "2", span: at(a, 2) });
    sink.report("unreachable", { step: "1", span: at(a, 0) });
    sink.report("unreachable", { step: "0" });
    expect(sink.list().map(({ message }) => message.slice(6, 7))).toEqual(["0", "1", "2", "3"]);
  });

  it("keeps the same message at the same place once", () => {
    const sink = new DiagnosticSink();
    for (let i = 0; i < 2; i++) sink.report("unknown-type", { type: "x", suggestion: undefined, span: at(a, 0) });
    expect([sink.list().length, sink.errorCount]).toEqual([1, 1]);
  });

  it("counts warnings as no errors", () => {
    const sink = new DiagnosticSink();
    sink.report("unreachable", { step: "s", span: at(a, 0) });
    expect([sink.hasErrors, sink.hasErrorAt(at(a, 0))]).toEqual([false, false]);
  });

  it("knows where errors begin", () => {
    const sink = new DiagnosticSink();
    sink.report("empty-document", { span: at(a, 0) });
    expect([sink.hasErrorAt(at(a, 0)), sink.hasErrorAt(at(b, 0)), sink.hasErrorAt(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("leaves out related places that are not known", () => {
    const sink = new DiagnosticSink();
    sink.report("duplicate-step", { name: "s", span: at(a, 2), related: [{ message: "first", span: undefined }] });
    expect(sink.list()[0]?.related).toEqual([]);
  });
});

describe("the table of codes", () => {
  it.each(Object.keys(codes))("%s is kebab-case", (code) => {
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });
});
