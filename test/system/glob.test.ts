import { describe, expect, it } from "vitest";
import { globOf } from "../../src/system/glob.ts";

describe("globOf", () => {
  it.each([
    ["*", "a", true],
    ["*", "a/b", false],
    ["*", ".a", false],
    ["**", "a/b/c", true],
    ["**", ".a/b", false],
    ["**/x", "x", true],
    ["out/**/*.csv", "out/a.csv", true],
    ["out/**/*.csv", "out/x/y/a.csv", true],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[!a]b", "cb", true],
    ["[!a]b", "ab", false],
    ["[]a]x", "]x", true],
    ["data", "data", true],
    ["data", "data/x/y", true],
    ["data", "data/.x", true],
    ["data", "data/.x/y", true],
    ["data/", "data/.x/y", true],
    ["data/**", "data/.x", false],
    ["*/", "a/.b/c", true],
    ["*/", ".a/b", false],
    ["out/**", "out/new\nline/a\rb", true],
    ["*.csv", "a\nb.csv", true],
    ["data", "database", false],
    ["*/", "a/b/c", true],
    [".", "q/x", true],
    ["./x//*.csv", "x/a.csv", true],
    [".*", ".x", true],
    ["x/.*/y", "x/.a/y", true],
    // What is special elsewhere and plain here.
    ["a(b).csv", "a(b).csv", true],
    ["a(b).csv", "ab.csv", false],
    ["a{b,c}", "ab", false],
    ["a{b,c}", "a{b,c}", true],
    ["!x", "y", false],
    ["!x*", "!xy", true],
    ["a+b@(c)*", "a+b@(c)d", true],
    ["[ab", "[ab", true],
    ["$x^|y", "$x^|y", true],
    ["é*", "éa b", true],
  ])("%s matches %s: %s", (pattern, name, expected) => {
    expect(globOf(pattern)?.matches(name)).toBe(expected);
  });

  it.each(["/abs", "../x", "a/../b", "..", "a\0b", "/"])("%j leaves the working directory", (pattern) => {
    expect(globOf(pattern)).toBeNull();
  });
});
