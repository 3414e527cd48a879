import { describe, expect, it } from "vitest";
import { read } from "./read.ts";

describe("--set", () => {
  it("sets single values over files", () => {
    const { configuration, found } = read(
      "catalog: {type: file-system, config: {catalog_location: a}}\ntargets: {argo: {image: a, labels: {team: x}}}",
      [
        "catalog.config.catalog_location=b",
        "targets.argo.labels.team=y",
        "targets.argo.labels.app\\.kubernetes\\.io/name=z",
        "isolate=never",
        "grace=5s",
      ],
    );
    expect(found).toEqual([]);
    expect(configuration.catalog.config).toEqual({ catalog_location: "b" });
    expect(configuration.targets.argo?.config).toEqual({
      image: "a",
      labels: { team: "y", "app.kubernetes.io/name": "z" },
    });
    expect(configuration).toMatchObject({ isolate: "never", graceMs: 5000 });
  });

  it("reads JSON, else text; keys of services that are text stay text", () => {
    const { configuration, found } = read("", [
      "executor.enable_parallel=false",
      "run-log-store.log-folder=2024",
      "targets.argo.parallelism=4",
      'targets.argo.image="4"',
      "targets.argo.nodes=[1, 2]",
      "targets.argo.empty=",
    ]);
    expect(found).toEqual([]);
    expect(configuration.executor).toMatchObject({ type: "local", config: { enable_parallel: false } });
    expect(configuration.runLogStore.config).toEqual({ log_folder: "2024" });
    expect(configuration.targets.argo?.config).toEqual({ parallelism: 4, image: "4", nodes: [1, 2], empty: "" });
  });

  it("begins anew with another type, whatever the order", () => {
    const { configuration, found } = read("run_log_store: {type: file-system, config: {log_folder: a}}", [
      "run_log_store.bucket=b",
      "run_log_store.type=s3",
    ]);
    expect(found).toEqual([]);
    expect(configuration.runLogStore).toMatchObject({ type: "s3", config: { bucket: "b" } });
  });

  it("keeps the keys where the type is the same", () => {
    const { configuration } = read("run_log_store: {type: chunked-fs, config: {log_folder: a}}", [
      "run_log_store.type=file_system",
    ]);
    expect(configuration.runLogStore.config).toEqual({ log_folder: "a" });
  });

  it("replaces items of lists", () => {
    const { configuration, found } = read("targets: {argo: {tolerations: [{key: a}, {key: b}]}}", [
      "targets.argo.tolerations.1.key=c",
    ]);
    expect(found).toEqual([]);
    expect(configuration.targets.argo?.config).toEqual({ tolerations: [{ key: "a" }, { key: "c" }] });
  });

  it.each([
    ["catalog", "bad-set-flag"],
    ["=x", "bad-set-flag"],
    ["catalog..type=x", "bad-set-flag"],
    ["catalog=do-nothing", "bad-set-flag"],
    ["catalog.config=x", "bad-set-flag"],
    ["targets.argo=x", "bad-set-flag"],
    ["isolate.x=never", "bad-set-flag"],
    ["targets.argo.list.5=x", "bad-set-flag"],
    ["catlog.type=do-nothing", "unknown-configuration-key"],
    ["catalog.type=nothing", "unknown-service-type"],
    ["catalog.locaton=x", "unknown-configuration-key"],
    ["executor.enable_parallel=perhaps", "bad-configuration-value"],
    ["isolate=perhaps", "bad-configuration-value"],
    ["grace=5", "bad-configuration-value"],
  ])("names the flag %j that is wrong", (flag, code) => {
    const { found } = read("targets: {argo: {list: [1]}}", [flag]);
    expect(found).toMatchObject([{ code, at: undefined }]);
    expect(found[0]?.message).toContain(`--set ${flag}`);
  });
});
