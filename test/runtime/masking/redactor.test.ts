import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../../src/runtime/masking/redactor.ts";

const secret = 'hunter2/+ö"x y';

describe("redactorOf", () => {
  it.each([
    ["as it is", secret],
    ["base64", Buffer.from(secret).toString("base64")],
    ["base64, shifted by one", Buffer.from(`u${secret}`).toString("base64")],
    ["base64, shifted by two", Buffer.from(`us${secret}more`).toString("base64")],
    ["base64 for URLs", Buffer.from(secret).toString("base64url")],
    ["URL", encodeURIComponent(secret)],
    ["URL form", new URLSearchParams([["k", secret]]).toString()],
    ["URL, small digits", encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase())],
    ["JSON", JSON.stringify(secret)],
    ["JSON in ASCII", JSON.stringify(secret).replace("ö", "\\u00f6")],
  ])("masks a secret %s", (_, text) => {
    const redactor = redactorOf([secret]);
    const shown = redactor.redact(`before ${text} after`);
    expect(shown).toContain("***");
    expect(shown).toMatch(/^before .*after$/);
    expect(shown).not.toContain(text.slice(4, -4));
    expect(redactor.finds(text)).toBe(true);
  });

  it("masks each line of a secret of several", () => {
    const key = "-----BEGIN KEY-----\nabcdefghij\nklmnopqrst\n-----END KEY-----\n";
    const redactor = redactorOf([key]);
    expect(redactor.redact(`x ${key} y`)).not.toMatch(/[a-t]{3}/);
    expect(redactor.redact("only klmnopqrst here")).toBe("only *** here");
  });

  it("masks longer secrets before those that are in them", () => {
    const redactor = redactorOf(["abcdefg", "abcdefghijk"]);
    expect(redactor.redact("abcdefghijk abcdefgh")).toBe("*** ***h");
    const stream = redactor.stream();
    const out = ["abcdefg", "hijk."].map((part) => Buffer.from(stream.push(Buffer.from(part))).toString()).join("");
    expect(out + Buffer.from(stream.end()).toString()).toBe("***.");
  });

  it("masks the first of many secrets, and of those at one place the longest", () => {
    const text = (most: number) => fc.string({ unit: fc.constantFrom("a", "b"), maxLength: most });
    const secret = text(40).filter((one) => one.length >= 6);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 20 }), text(200), (secrets, shown) => {
        let expected = "";
        for (let at = 0; at < shown.length; ) {
          const found = secrets.filter((one) => shown.startsWith(one, at)).sort((a, b) => b.length - a.length)[0];
          expected += found === undefined ? shown[at] : "***";
          at += found?.length ?? 1;
        }
        const redactor = redactorOf(secrets);
        expect(redactor.redact(shown)).toBe(expected);
        const stream = redactor.stream();
        const parts = [...shown].map((one) => Buffer.from(stream.push(Buffer.from(one))).toString());
        expect(parts.join("") + Buffer.from(stream.end()).toString()).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("masks a key of many lines wherever a piece of it stands", () => {
    const lines = Array.from({ length: 60 }, (_, i) =>
      Buffer.from(`line ${i} of a key that is long ${i * i}`).toString("base64"),
    );
    const redactor = redactorOf([lines.join("\n")]);
    for (const line of lines) {
      expect(redactor.redact(`<${line}>`)).toBe("<***>");
      expect(redactor.redact(`<${encodeURIComponent(line)}>`)).toBe("<***>");
      expect(redactor.redact(Buffer.from(`${line}\n`).toString("base64"))).not.toContain(
        Buffer.from(line).toString("base64").slice(0, -4),
      );
    }
    expect(redactor.redact(`[${JSON.stringify(lines.join("\n"))}]`)).toBe('["***"]');
  });

  it("leaves short secrets and all else alone", () => {
    expect(redactorOf(["abc", ""]).idle).toBe(true);
    expect(redactorOf([]).redact("abc")).toBe("abc");
    expect(redactorOf(["a.c*d+e"]).redact("aXcYdZe a.c*d+e")).toBe("aXcYdZe ***");
  });

  it("streams bytes across the borders of chunks exactly as a whole text", () => {
    const secrets = ["secret-one", "aaaaaaab", "ööööööx"];
    const pieces = fc.constantFrom("secret-one", "secret-", "aaaa", "aaab", "a", "ööööööx", "ö", "text \n", "\u0000");
    fc.assert(
      fc.property(fc.array(pieces), fc.array(fc.nat(12)), (parts, sizes) => {
        const whole = Buffer.from(parts.join(""));
        const redactor = redactorOf(secrets);
        const stream = redactor.stream();
        const out: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          out.push(stream.push(whole.subarray(at, at + size)));
          at += size;
        }
        out.push(stream.push(whole.subarray(at)), stream.end());
        const text = Buffer.concat(out).toString();
        for (const one of secrets) expect(text).not.toContain(one);
        expect(text).toBe(redactor.redact(whole.toString()));
      }),
      { numRuns: 2000 },
    );
  });

  it("holds back no more than what may be a beginning", () => {
    const stream = redactorOf(["secret-one"]).stream();
    expect(Buffer.from(stream.push(Buffer.from("a line\n"))).toString()).toBe("a line\n");
    expect(Buffer.from(stream.push(Buffer.from("a sec"))).toString()).toBe("a ");
    expect(Buffer.from(stream.push(Buffer.from("ond\n"))).toString()).toBe("second\n");
  });

  it("passes bytes that are no text", () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const stream = redactorOf(["secret-one"]).stream();
    expect(Buffer.concat([stream.push(bytes), stream.end()])).toEqual(bytes);
  });
});
