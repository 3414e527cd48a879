/** `targets.argo.overlay`: what it may change, and that the file stays one manifest. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkManifest } from "../../../src/simulate/argo/check/check-manifest.ts";
import { argo, chain, compile, usual } from "./compile-argo.ts";

const manifestWith = (overlay: object) => {
  const { text } = compile(chain(2), { ...usual, overlay });
  expect(checkManifest(text).findings).toEqual([]);
  return parse(text);
};

describe("an overlay", () => {
  test("adds templates, which the specification may name, and keys to those that are written", () => {
    const notify = { name: "notify", container: { image: "busybox", command: ["true"] } };
    const step = { name: "step", metadata: { labels: { team: "ml" } } };
    const { spec } = manifestWith({ spec: { onExit: "notify", templates: [notify, step] } });
    // It runs beside what closes the run's log.
    expect(spec.onExit).toBe("closing");
    expect(spec.templates[3].dag.tasks.map(({ template }: { template: string }) => template)).toEqual([
      "verdict",
      "notify",
    ]);
    expect(spec.templates.map(({ name }: { name: string }) => name)).toEqual([
      "pipeline",
      "step",
      "join",
      "closing",
      "verdict",
      "notify",
    ]);
    expect(spec.templates[1]).toMatchObject({ metadata: { labels: { team: "ml" } }, container: { image: "busybox" } });
    expect(spec.templates[5]).toEqual(notify);
  });

  test("merges key by key, and replaces what is no mapping", () => {
    const { metadata, spec } = manifestWith({
      metadata: { labels: { team: "ml" } },
      spec: { ttlStrategy: { secondsAfterCompletion: 60 }, entrypoint: "pipeline" },
    });
    expect(metadata.labels).toEqual({ "app.kubernetes.io/managed-by": "magnus", team: "ml" });
    expect(spec).toMatchObject({ ttlStrategy: { secondsAfterCompletion: 60 }, entrypoint: "pipeline" });
  });

  test("comments stay with what they are about", () => {
    const text = compile(chain(2), { ...usual, overlay: { spec: { templates: [{ name: "own", suspend: {} }] } } }).text;
    expect(text).toContain("  # closes the run log of a run that did not succeed\n  - name: verdict\n");
    expect(text).toContain("\n  - name: own\n    suspend: {}\n");
  });

  test.each([
    [{ activeDeadlineSeconds: 60 }, "activeDeadlineSeconds"],
    [{ templates: [] }, "templates"],
    [{ spec: { templates: { name: "a" } } }, "spec.templates"],
    [{ spec: { templates: [{ suspend: {} }] } }, "spec.templates.0.name"],
  ])("cannot be %j", (overlay, at) => {
    const { error } = argo.options.safeParse({ ...usual, overlay });
    const places = error?.issues.map((issue) =>
      [...issue.path.slice(1), ...(issue.code === "unrecognized_keys" ? issue.keys : [])].join("."),
    );
    expect(places).toEqual([at]);
  });
});

test("an exit hook, which Argo would run instead of what closes the log, is refused", () => {
  const overlay = { spec: { hooks: { exit: { template: "verdict" } } } };
  const { error } = argo.options.safeParse({ ...usual, overlay });
  expect(error?.issues.map(({ message }) => message)).toEqual([
    "Argo would run it instead of what closes the run's log: use `onExit`",
  ]);
});
