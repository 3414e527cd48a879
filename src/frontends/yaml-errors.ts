import { type Document, visit, type YAMLError } from "yaml";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { SourceFile, Span } from "../source/source-file.ts";

/** Levels of lists and mappings that a document may have: fewer than the printers of JSON accept. */
export const maxDepth = 400;

/**
 * Words the parser's errors for people, at the token that is wrong rather than where the parser noticed. False where
 * the document's structure is broken: then only the first such error is told, since all after it follow from it.
 */
export function reportYamlErrors(parsed: Document.Parsed, file: SourceFile, sink: DiagnosticSink): boolean {
  let whole = true;
  for (const error of parsed.errors) {
    const local = reportTextError(error, file, sink);
    if (local || !whole) continue;
    whole = false;
    reportStructureError(error, parsed, file, sink);
  }
  return whole;
}

/** Errors inside of one scalar, which leave the rest of the document as it is. */
function reportTextError({ code, pos, message }: YAMLError, file: SourceFile, sink: DiagnosticSink): boolean {
  const { text } = file;
  const [at] = pos;
  if (code === "BAD_DQ_ESCAPE") {
    const length =
      /^\\(?:x[\da-fA-F]{0,2}|u[\da-fA-F]{0,4}|U[\da-fA-F]{0,8}|[\s\S])/.exec(text.slice(at, at + 12))?.[0].length ?? 2;
    sink.report("yaml-escape", { sequence: text.slice(at, at + length), span: { file, start: at, end: at + length } });
    return true;
  }
  if (code === "BAD_SCALAR_START" && !message.includes("block scalar") && !message.includes("tab character")) {
    sink.report("yaml-bad-start", { mark: text.charAt(at), span: { file, start: at, end: at + 1 } });
    return true;
  }
  if (message.startsWith("Comments must be separated")) {
    sink.report("yaml-missing-space", { mark: "#", span: { file, start: at, end: at + 1 } });
    return true;
  }
  return false;
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a table: one branch for each error of the parser
function reportStructureError(error: YAMLError, parsed: Document.Parsed, file: SourceFile, sink: DiagnosticSink): void {
  const { code, message, pos } = error;
  const at = pos[0];
  if (code === "TAB_AS_INDENT" || (code === "BAD_INDENT" && tabAt(file.text, at) >= 0)) {
    const tab = code === "TAB_AS_INDENT" ? at : tabAt(file.text, at);
    sink.report("yaml-tab", { span: { file, start: tab, end: tab + 1 } });
  } else if (message.startsWith("Missing closing")) reportUnclosedQuote(at, parsed, file, sink);
  else if (/ends? with a [\]}]/.test(message)) reportUnclosedBracket(at, parsed, file, sink);
  else if (/^Missing (?:, between|, or :)/.test(message)) {
    const span = wordAt(file, at);
    sink.report("yaml-missing-comma", { kind: message.includes("sequence") ? "list" : "mapping", span });
  } else if (code === "MULTIPLE_DOCS") {
    const mark = file.text.slice(0, at + 3).lastIndexOf("\n---");
    const start = mark >= 0 && mark + 1 >= at - 4 ? mark + 1 : at;
    sink.report("yaml-several-documents", { span: wordAt(file, start) });
  } else if (code === "BAD_INDENT" || message.startsWith("A block sequence may not")) reportIndentation(file, at, sink);
  else if (message.startsWith("Nested mappings")) reportNested(file, at, sink);
  else if (code === "MULTILINE_IMPLICIT_KEY" || message.startsWith("Implicit map keys")) {
    const span = restOfLine(file, skipBlanks(file.text, at));
    sink.report("yaml-missing-colon", { token: textOf(span), span });
  } else if (/^Unexpected \S*scalar at node end|^Unexpected scalar/.test(message)) {
    const span = restOfLine(file, at);
    sink.report("yaml-text-after-end", { token: textOf(span), span });
  } else if (code === "RESOURCE_EXHAUSTION")
    sink.report("yaml-too-deep", { levels: maxDepth, span: wordStart(file, at) });
  else reportSyntax(error, file, sink);
}

/** The offset of a tab in the blanks before or at `at`, or -1. */
function tabAt(text: string, at: number): number {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(line, line + 1000))?.[0] ?? "";
  const tab = indent.indexOf("\t");
  return tab >= 0 && at <= line + indent.length ? line + tab : -1;
}

function reportUnclosedQuote(end: number, parsed: Document.Parsed, file: SourceFile, sink: DiagnosticSink): void {
  let start = end;
  visit(parsed, {
    Scalar: (_key, node) => {
      if ((node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE") && node.range?.[1] === end)
        start = node.range[0];
    },
  });
  const mark = file.text.charAt(start);
  sink.report("yaml-unclosed-quote", { mark, span: { file, start, end: start + 1 } });
}

function reportUnclosedBracket(end: number, parsed: Document.Parsed, file: SourceFile, sink: DiagnosticSink): void {
  let start = end;
  visit(parsed, {
    Collection: (_key, node) => {
      if (node.flow === true && node.range?.[1] === end) start = node.range[0];
    },
  });
  const open = file.text.charAt(start);
  sink.report("yaml-unclosed-bracket", {
    open,
    close: open === "{" ? "}" : "]",
    span: { file, start, end: start + 1 },
  });
}

function reportIndentation(file: SourceFile, at: number, sink: DiagnosticSink): void {
  const span = keyAt(file, skipBlanks(file.text, at));
  sink.report("yaml-indentation", { token: textOf(span), span });
}

/** `key: a: b` on one line is a value with a colon; over several lines the next line is indented too far. */
function reportNested(file: SourceFile, at: number, sink: DiagnosticSink): void {
  const line = restOfLine(file, at);
  const colon = /:(?=\s|$)/.exec(textOf(line));
  if (colon !== null) {
    const start = line.start + colon.index;
    sink.report("yaml-colon-in-text", { span: { file, start, end: start + 1 } });
    return;
  }
  reportIndentation(file, file.text.indexOf("\n", at) + 1, sink);
}

/** The rest of the parser's errors: seldom met, in our words where theirs are about the parser. */
function reportSyntax({ code, message, pos }: YAMLError, file: SourceFile, sink: DiagnosticSink): void {
  const [problem, remedy] = wordsFor(code, message, file.text.charAt(pos[0]));
  sink.report("yaml-syntax", { problem, remedy, span: wordAt(file, pos[0]) });
}

function wordsFor(code: string, message: string, character: string): readonly [string, string | undefined] {
  if (/flow-(?:map|seq)-end/.test(message)) {
    return [`this "${character}" closes nothing`, "remove it, or add the bracket that it should close"];
  }
  if (message.includes("block-seq-ind")) {
    return ["a list cannot begin on the line of its key", "begin the list on the next line, or write it as [a, b]"];
  }
  if (code === "BAD_ALIAS") {
    return [
      `"${character}" without a name is no ${character === "&" ? "anchor" : "alias"}`,
      "to write it as text, put it in quotes",
    ];
  }
  if (code === "ALIAS_PROPS") return ["an alias cannot have an anchor or a tag", "remove them"];
  if (code === "MULTIPLE_ANCHORS") return ["a value can have one anchor only", "remove the other"];
  if (code === "MULTIPLE_TAGS") return ["a value can have one tag only", "remove the other"];
  if (code === "KEY_OVER_1024_CHARS") return ["a key can have at most 1,024 characters", undefined];
  if (message.startsWith("Block scalar header")) {
    return ["only an indentation digit and + or - may follow | and >", "begin the text on the next line"];
  }
  if (message.startsWith("Block scalars with more-indented")) {
    return [
      "the first lines of this text are empty and indented further than its first words",
      "remove their indentation",
    ];
  }
  return [message.replace(/^./, (c) => c.toLowerCase()), undefined];
}

function skipBlanks(text: string, at: number): number {
  let to = at;
  while (" \t\r\n".includes(text.charAt(to)) && to < text.length) to++;
  return to;
}

function restOfLine(file: SourceFile, start: number): Span {
  const end = file.text.indexOf("\n", start);
  const line = file.text.slice(start, end < 0 ? file.text.length : end);
  return { file, start, end: start + line.replace(/(?:^|\s+)#.*$/, "").trimEnd().length };
}

/** Up to the colon after a key, else the word. */
function keyAt(file: SourceFile, start: number): Span {
  const line = textOf(restOfLine(file, start));
  const key = /^(.+?):(?:\s|$)/.exec(line)?.[1];
  return key === undefined ? wordAt(file, start) : { file, start, end: start + key.length };
}

function wordStart(file: SourceFile, at: number): Span {
  return { file, start: at, end: at + 1 };
}

function wordAt(file: SourceFile, at: number): Span {
  const length = /^\S[^\s,\]}]*/.exec(file.text.slice(at, at + 200))?.[0].length ?? 1;
  return { file, start: at, end: Math.min(at + length, file.text.length) };
}

function textOf(span: Span): string {
  return span.file.text.slice(span.start, span.end);
}
