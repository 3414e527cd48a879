import { describe, expect, it } from "vitest";
import { suggest } from "../../src/diagnostics/suggest.ts";

describe("suggest", () => {
  it.each([
    ["repotr", "report"],
    ["comand", "command"],
    ["on-failure", "on_failure"],
    ["Iterate On", "iterate_on"],
    ["nxt", "next"],
    ["a", undefined],
    ["colour", undefined],
    ["command", undefined],
  ])("%s -> %s", (word, expected) => {
    expect(suggest(word, ["command", "report", "next", "on_failure", "iterate_on"])).toBe(expected);
  });

  it("takes the nearest", () => {
    expect(suggest("training", ["trails", "trainin", "gaining"])).toBe("trainin");
    expect(suggest("steps 12", ["steps 1", "steps_12"])).toBe("steps_12");
  });
});
