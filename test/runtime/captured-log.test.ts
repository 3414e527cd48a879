import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCapturedLog } from "../../src/runtime/captured-log.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("openCapturedLog", () => {
  it("keeps everything up to its limit, then head and tail", () => {
    const chunks = fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 25 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 2, max: 40 }), (parts, limit) => {
        const log = openCapturedLog(limit);
        for (const part of parts) log.add(Buffer.from(part, "latin1"));
        const whole = parts.join("");
        const half = Math.floor(limit / 2);
        const left = whole.length - limit;
        expect(log.total).toBe(whole.length);
        expect(log.truncated).toBe(left > 0);
        expect(text(log.content())).toBe(
          left > 0 ? `${whole.slice(0, half)}\n... ${left} bytes left out ...\n${whole.slice(half + left)}` : whole,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("does not keep the chunks themselves, which their reader may use again", () => {
    const log = openCapturedLog();
    const chunk = Buffer.from("first");
    log.add(chunk);
    chunk.write("XXXXX");
    expect(text(log.content())).toBe("first");
  });

  it("gives the last lines", () => {
    const log = openCapturedLog();
    expect(log.tail(3)).toEqual([]);
    log.add(Buffer.from("a\nb\r\nc\n\nd\n"));
    expect(log.tail(3)).toEqual(["c", "", "d"]);
    expect(log.tail(100)).toEqual(["a", "b", "c", "", "d"]);
  });
});
