import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastLines, printedText, readLogLines } from "../../../src/run-log/record/log-lines.ts";
import { type CapturedLog, openCapturedLog } from "../../../src/runtime/taken/captured-log.ts";

const time = "2026-01-31T12:00:00.000Z";

function open(limit?: number): CapturedLog {
  return openCapturedLog(limit, () => time);
}

/** In one piece. */
function contentOf(log: CapturedLog): Uint8Array {
  return Buffer.concat(log.content());
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function printed(log: CapturedLog): string {
  return textOf(printedText(readLogLines(contentOf(log))));
}

describe("openCapturedLog", () => {
  it("keeps each line with its time and stream", () => {
    const log = open();
    log.add("stdout", Buffer.from("one\ntw"));
    log.add("stderr", Buffer.from("oops\n"));
    log.add("stdout", Buffer.from("o\nthree"));
    expect(textOf(contentOf(log)).trimEnd().split("\n")).toEqual([
      `${time} stdout F one`,
      `${time} stderr F oops`,
      `${time} stdout F two`,
      `${time} stdout P three`,
    ]);
    expect([...readLogLines(contentOf(log))].map(({ stream, ended }) => `${stream} ${ended}`)).toEqual([
      "stdout true",
      "stderr true",
      "stdout true",
      "stdout false",
    ]);
  });

  it("a line has the time at which it began", () => {
    let second = 0;
    const log = openCapturedLog(undefined, () => `t${second++}`);
    log.add("stdout", Buffer.from("be"));
    log.add("stdout", Buffer.from("gun\nnext\n"));
    expect(textOf(contentOf(log))).toBe("t0 stdout F begun\nt1 stdout F next\n");
  });

  it("what one stream printed reads back byte for byte, however it came", () => {
    const chunk = fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.map((byte) => (byte < 60 ? 10 : byte)));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 20 }), (chunks) => {
        const log = open();
        for (const part of chunks) log.add("stdout", part);
        expect(printed(log)).toBe(textOf(Buffer.concat(chunks)));
        expect(log.isEmpty).toBe(chunks.every((part) => part.length === 0));
        expect(log.truncated).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("a line without end is kept in parts and reads back whole", () => {
    const log = open();
    for (let i = 0; i < 50; i++) log.add("stdout", Buffer.alloc(1000, "x"));
    log.add("stderr", Buffer.from("between\n"));
    log.add("stdout", Buffer.from("end\nlast"));
    expect(printed(log)).toBe(`between\n${"x".repeat(50_000)}end\nlast`);
    expect(textOf(contentOf(log)).match(/ P /g)?.length).toBeGreaterThan(2);
  });

  it("of a long log keeps whole lines of head and tail, and says what is gone", () => {
    const sizes = fc.record({ limit: fc.integer({ min: 400, max: 2000 }), lines: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(sizes, ({ limit, lines }) => {
        const log = open(limit);
        for (let i = 0; i < lines; i++) log.add("stdout", Buffer.from(`line ${i}\n`));
        const kept = [...readLogLines(contentOf(log))].map(({ text, stream }) => ({ text: textOf(text), stream }));
        const numbers = kept.filter(({ stream }) => stream === "stdout").map(({ text }) => Number(text.slice(5)));
        const notes = kept.filter(({ stream }) => stream === "magnus");
        const whole = textOf(contentOf(log)).length;
        if (!log.truncated) {
          expect([numbers.length, notes.length]).toEqual([lines, 0]);
          expect(whole).toBeLessThanOrEqual(limit);
          return;
        }
        const head = kept.findIndex(({ stream }) => stream === "magnus");
        expect(numbers.slice(0, head)).toEqual(Array.from({ length: head }, (_, i) => i));
        const tail = numbers.slice(head);
        expect(tail).toEqual(Array.from({ length: tail.length }, (_, i) => lines - tail.length + i));
        expect(notes).toHaveLength(1);
        const gone = Array.from({ length: lines }, (_, i) => `${time} stdout F line ${i}\n`.length)
          .slice(head, lines - tail.length)
          .reduce((sum, length) => sum + length, 0);
        expect(notes[0]?.text).toBe(`... ${gone} bytes omitted ...`);
      }),
      { numRuns: 300 },
    );
  });

  it("does not keep the chunks themselves, which their reader may use again", () => {
    const log = open();
    const chunk = Buffer.from("first\nsecond");
    log.add("stdout", chunk);
    chunk.fill("X");
    expect(printed(log)).toBe("first\nsecond");
  });
});

describe("readLogLines", () => {
  it("takes what is not in its form as plain text", () => {
    expect(textOf(printedText(readLogLines(Buffer.from("just\ntext"))))).toBe("just\ntext\n");
    expect([...readLogLines(Buffer.from("x"))]).toMatchObject([{ time: "", stream: "stdout", ended: true }]);
  });
});

describe("lastLines", () => {
  it("gives the last lines as they were printed", () => {
    const log = open();
    expect(lastLines(contentOf(log), 3)).toEqual([]);
    log.add("stdout", Buffer.from("a\nb\r\nc\n\nd\n"));
    expect(lastLines(contentOf(log), 3)).toEqual(["c", "", "d"]);
    expect(lastLines(contentOf(log), 100)).toEqual(["a", "b", "c", "", "d"]);
    for (let i = 0; i < 10_000; i++) log.add("stderr", Buffer.from(`line ${i}\n`));
    expect(lastLines(contentOf(log), 2)).toEqual(["line 9998", "line 9999"]);
  });
});
