// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of configurations, not of JavaScript
import { describe, expect, it } from "vitest";
import { resolveVariables } from "../../src/configuration/resolve-variables.ts";
import { findings, read } from "./read.ts";

function resolve(text: string, environment: { readonly [name: string]: string }, set: readonly string[] = []) {
  const { configuration, sink } = read(text, set);
  const resolved = resolveVariables(configuration, environment, sink);
  return { resolved, found: findings(sink) };
}

describe("variables", () => {
  it("replaces in executors and targets, at any depth", () => {
    const { resolved, found } = resolve(
      "executor: {type: local-container, config: {docker_image: '${IMAGE}:$TAG', environment: {k: $TAG}}}\ntargets: {argo: {list: [a, {b: $TAG}]}}",
      { MAGNUS_VAR_IMAGE: "magnus", TAG: "3.8" },
    );
    expect(found).toEqual([]);
    expect(resolved.executor.config).toEqual({ docker_image: "magnus:3.8", environment: { k: "3.8" } });
    expect(resolved.targets.argo?.config).toEqual({ list: ["a", { b: "3.8" }] });
  });

  it("prefers MAGNUS_VAR_, then RUNNABLE_VAR_, then the environment; an empty value is one", () => {
    const text = "targets: {argo: {a: $A, b: $B, c: $C}}";
    const { resolved } = resolve(text, {
      MAGNUS_VAR_A: "1",
      RUNNABLE_VAR_A: "2",
      A: "3",
      RUNNABLE_VAR_B: "2",
      B: "3",
      C: "",
    });
    expect(resolved.targets.argo?.config).toEqual({ a: "1", b: "2", c: "" });
  });

  it("leaves other dollars alone and replaces once only", () => {
    const text = "targets: {argo: {a: $$A, b: '$5 a$', c: '${{ secrets.X }}', d: '$A', e: $$$A}}";
    const { resolved, found } = resolve(text, { A: "$B" });
    expect(found).toEqual([]);
    expect(resolved.targets.argo?.config).toEqual({ a: "$A", b: "$5 a$", c: "${{ secrets.X }}", d: "$B", e: "$$B" });
  });

  it("points at the variable that is not set", () => {
    const { found } = resolve("targets:\n  argo:\n    image: 'registry/${NAME}:$TAG'\n", { TAG: "1" });
    expect(found).toMatchObject([{ code: "unset-variable", at: "${NAME}" }]);
    expect(found[0]?.message).toContain('"NAME"');
    expect(found[0]?.hint).toContain("MAGNUS_VAR_NAME");
  });

  it("points at braces that hold no name", () => {
    const { found } = resolve("targets: {argo: {image: '${NAME:-x}'}}", {});
    expect(found).toMatchObject([{ code: "bad-variable", at: "${NAME:-x}" }]);
  });

  it("names the flag that holds a variable", () => {
    const { found } = resolve("", {}, ["targets.argo.image=$NAME"]);
    expect(found).toMatchObject([{ code: "unset-variable", at: undefined }]);
    expect(found[0]?.message).toContain("--set targets.argo.image=$NAME");
  });

  it("keeps those of services for where the run happens", () => {
    const { resolved, found } = resolve("run_log_store: {type: file-system, config: {log_folder: $LOGS}}", {});
    expect(found).toEqual([]);
    expect(resolved.runLogStore.config).toEqual({ log_folder: "$LOGS" });
  });
});
