import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../src/runtime/redactor.ts";

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
