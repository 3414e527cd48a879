import { describe, expect, it } from "vitest";
import * as z from "zod";
import { readTargetOptions } from "../../src/configuration/read-target-options.ts";
import { findings, read } from "./read.ts";

const options = z.strictObject({
  image: z.string().default("none"),
  parallelism: z.int().min(1).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  mode: z.enum(["a", "b"]).optional(),
  volumes: z.array(z.strictObject({ name: z.string(), mount_path: z.string() })).optional(),
  size: z.union([z.string(), z.number()]).optional(),
  old: z.string().optional(),
  name: z
    .string()
    .refine((name) => name !== "x", "not x")
    .optional(),
});

function optionsOf(text: string, set: readonly string[] = []) {
  const { configuration, sink } = read(text, set);
  const target = { name: "argo", options, unusedOptions: { old: "it is long gone" } };
  return { value: readTargetOptions(target, configuration, sink), found: findings(sink) };
}

describe("options of a target", () => {
  it("are completed by its schema", () => {
    expect(optionsOf("")).toEqual({ value: { image: "none" }, found: [] });
    expect(optionsOf("targets: {argo: {parallelism: 4.0}}").value).toEqual({ image: "none", parallelism: 4 });
  });

  it("that have no effect are warned about", () => {
    const { value, found } = optionsOf("targets: {argo: {old: a}}");
    expect(value).toEqual({ image: "none", old: "a" });
    expect(found).toMatchObject([{ code: "unused-configuration-key" }]);
  });

  it.each([
    ["imag: x", "unknown-configuration-key", "imag", 'did you mean "image"?'],
    [
      "volumes: [{name: a, mountpath: b, mount_path: c}]",
      "unknown-configuration-key",
      "mountpath",
      'did you mean "mount_path"?',
    ],
    ["volumes: [{name: a}]", "missing-configuration-key", "name: a", undefined],
    ["parallelism: many", "bad-configuration-value", "many", undefined],
    ["parallelism: 0", "bad-configuration-value", "0", undefined],
    ["parallelism: 1.5", "bad-configuration-value", "1.5", undefined],
    ["labels: {team: 7}", "bad-configuration-value", "7", undefined],
    ["mode: c", "bad-configuration-value", "c", undefined],
    ["size: [1]", "bad-configuration-value", "[1]", undefined],
    ["name: x", "bad-configuration-value", "x", undefined],
  ])("points at what is wrong in {%s}", (text, code, at, hint) => {
    const { value, found } = optionsOf(`targets: {argo: {${text}}}`);
    expect(value).toBeUndefined();
    expect(found).toMatchObject([{ code }]);
    expect(found[0]?.at).toContain(at);
    if (hint !== undefined) expect(found[0]?.hint).toBe(hint);
  });

  it("say what is expected in plain words", () => {
    const { found } = optionsOf("targets: {argo: {size: [1], mode: c, parallelism: 0}}");
    expect(found.map(({ message }) => message)).toEqual([
      "`size` must be text or a number; it is a list",
      '`mode` must be one of "a", "b"; it is the text "c"',
      "`parallelism` must be at least 1; it is the number 0",
    ]);
  });

  it("name the flag that set them", () => {
    expect(optionsOf("", ["targets.argo.parallelism=many"]).found[0]?.message).toContain(
      "--set targets.argo.parallelism=many: ",
    );
  });
});
