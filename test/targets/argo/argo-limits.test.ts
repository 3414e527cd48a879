/** What the target refuses before anything is written. */
import { describe, expect, test } from "vitest";
import { argo, compile, shell, usual } from "./compile-argo.ts";

describe("what cannot work is refused", () => {
  const one = `dag:\n  steps:\n${shell("a", "true")}`;
  test.each([
    ["no image for a step", { ...usual, image: undefined }, "step-without-image"],
    ["no image for the shim", { ...usual, shim_image: undefined }, "target-option-missing"],
    ["a run log that dies with its pod", { ...usual, storage: undefined }, "target-option-missing"],
  ])("%s", (_, options, code) => {
    const { text, codes } = compile(one, options);
    expect(codes).toContain(code);
    expect(text).toBe("");
  });

  test("a secret without a source", () => {
    const text = `dag:\n  steps:\n${shell("a", "true", ", secrets: [TOKEN]")}`;
    expect(compile(text, { ...usual, secret: undefined }).codes).toEqual(["secret-without-source"]);
    expect(compile(text).text).toContain("secretKeyRef");
  });

  test.each([
    ["a description", { about: "x".repeat(300_000) }, {}],
    ["annotations", {}, { annotations: { note: "x".repeat(300_000) } }],
    ["a command", { command: "x".repeat(520_000) }, {}],
    ["parameters", { parameter: "x".repeat(500_000) }, {}],
  ])("%s too long for Kubernetes", (_, { about = "", command = "true", parameter = "" }: Long, options) => {
    const text = JSON.stringify({
      description: about,
      parameters: { p: parameter },
      dag: { steps: [{ name: "a", type: "task", command_type: "shell", command }] },
    });
    expect(compile(text, { ...usual, ...options }).codes).toEqual(["target-limit"]);
  });

  test.each([
    { namespace: "My Space" },
    { service_account_name: "Builder" },
    { storage: { claim: "a_b" } },
    { secret: "x".repeat(254) },
    { secrets_from_k8s: [{ environment_variable: "A", secret_name: "vault", secret_key: "a/b" }] },
    { secrets_from_k8s: [{ environment_variable: "A-B", secret_name: "vault", secret_key: "a" }] },
    { labels: { team: "a b" } },
    { labels: { "a b": "x" } },
    { env: { "A=B": "x" } },
    { env: { A: "\0" } },
    { env: { A: "x".repeat(150_000) } },
    { parallelism: "3" },
    { synchronization: { mutexes: { name: "one" } } },
    { synchronization: { mutexs: [{ name: "one" }] } },
    { ttl_strategy: { secondsAfterCompletion: "600" } },
    { pod_gc: { strategy: "OnWorkflowEnd" } },
    { pending_timeout: "10 minutes" },
  ])("options that Kubernetes would refuse: %o", (option) => {
    expect(argo.options.safeParse({ ...usual, ...option }).success).toBe(false);
  });
});

interface Long {
  readonly about?: string;
  readonly command?: string;
  readonly parameter?: string;
}
