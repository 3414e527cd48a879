import { describe, expect, it } from "vitest";
import { read } from "./read.ts";

describe("defaults", () => {
  it("needs no configuration", () => {
    const { configuration, found } = read([]);
    expect(found).toEqual([]);
    expect(configuration).toMatchObject({
      executor: { type: "local", config: {} },
      runLogStore: { type: "file-system", config: {} },
      catalog: { type: "file-system", config: {} },
      secrets: { type: "env-secrets", config: {} },
      experimentTracker: { type: "do-nothing", config: {} },
      targets: {},
      isolate: "auto",
      graceMs: 30_000,
    });
  });

  it.each(["", "# only a comment\n", "executor:\ncatalog:\ntargets:\n  argo:\n"])("takes %j as nothing", (text) => {
    const { configuration, found } = read(text);
    expect(found).toEqual([]);
    expect(configuration.executor.type).toBe("local");
    expect(configuration.targets).toEqual({});
  });
});

describe("spellings", () => {
  it("reads magnus-core's", () => {
    const { configuration, found } = read(`
executor: {type: local, config: {enable_parallel: true, overrides: {slow: {enable_parallel: false}}}}
run_log_store: {type: chunked-fs, config: {log_folder: /mnt/run_log_store}}
catalog: {type: file-system, config: {catalog_location: /mnt/catalog}}
secrets: {type: env-secrets-manager, config: {prefix: magnus_}}
experiment_tracker: {type: do-nothing}
`);
    expect(found).toEqual([]);
    expect(configuration.runLogStore).toMatchObject({
      type: "file-system",
      config: { log_folder: "/mnt/run_log_store" },
    });
    expect(configuration.catalog.config).toEqual({ catalog_location: "/mnt/catalog" });
    expect(configuration.secrets).toMatchObject({ type: "env-secrets", config: { prefix: "magnus_" } });
    expect(configuration.executor.config).toEqual({
      enable_parallel: true,
      overrides: { slow: { enable_parallel: false } },
    });
  });

  it("reads runnable's", () => {
    const { configuration, found } = read(`
pipeline-executor: {type: local, config: {enable_parallel: true}}
run-log-store: {type: buffered}
catalog: {type: file_system, catalog-location: files}
`);
    expect(found).toEqual([]);
    expect(configuration.executor.config).toEqual({ enable_parallel: true });
    expect(configuration.runLogStore.type).toBe("buffered");
    expect(configuration.catalog).toMatchObject({ type: "file-system", config: { catalog_location: "files" } });
  });

  it("reads services under defaults, which give way", () => {
    const { configuration, found } = read(`
defaults:
  catalog: {type: do-nothing}
  run_log_store: {type: buffered}
catalog: {type: file-system}
`);
    expect(found).toEqual([]);
    expect(configuration.catalog.type).toBe("file-system");
    expect(configuration.runLogStore.type).toBe("buffered");
  });

  it("warns of what has no meaning here", () => {
    const { found } = read(`
job-executor: {type: local}
executor: {type: local, config: {object_serialisation: false}}
`);
    expect(found.map(({ code, at }) => [code, at])).toEqual([
      ["unused-configuration-key", "job-executor"],
      ["unused-configuration-key", "object_serialisation"],
    ]);
  });

  it("lets anchors and x- keys stand at the top, and merges", () => {
    const { configuration, found } = read(`
x-team: ml
common: &common {log_folder: logs}
run_log_store: {type: file-system, config: {<<: *common}}
`);
    expect(found).toEqual([]);
    expect(configuration.runLogStore.config).toEqual({ log_folder: "logs" });
  });

  it("reads every type with all of its keys", () => {
    for (const text of [
      "executor: {type: local-container, config: {docker_image: a, environment: {k: 1}, auto_remove_container: false, run_in_local: true, overrides: {b: {docker_image: c}}}}",
      "executor: {type: mocked, config: {patches: {step 1: {command: exit 0, command_type: shell}}}}",
      "run_log_store: {type: postgres, config: {url: $DB, schema: s}}",
      "run_log_store: {type: s3, config: {bucket: b, prefix: p, endpoint: e, region: r}}",
      "catalog: {type: s3, config: {bucket: b}}",
      "secrets: {type: dotenv, config: {location: a.env}}",
      "secrets: {type: files, config: {location: /run/secrets}}",
      "secrets: {type: do-nothing}",
      "experiment_tracker: {type: mlflow, config: {server_url: http://x}}",
    ]) {
      expect(read(text).found, text).toEqual([]);
    }
  });
});

describe("overlays", () => {
  it("replaces service by service and target by target", () => {
    const { configuration } = read([
      "catalog: {type: file-system, config: {catalog_location: a}}\nrun_log_store: {type: buffered}\ntargets: {argo: {image: a, namespace: n}, shell: {x: 1}}",
      "catalog: {type: file-system}\ntargets: {argo: {image: b}}",
    ]);
    expect(configuration.catalog.config).toEqual({});
    expect(configuration.runLogStore.type).toBe("buffered");
    expect(configuration.targets.argo?.config).toEqual({ image: "b" });
    expect(configuration.targets.shell?.config).toEqual({ x: 1 });
  });

  it("feeds a target from an executor of its type; targets win", () => {
    const { configuration, found } = read(
      "executor: {type: argo, config: {image: a, service-account-name: s}}\ntargets: {argo: {image: b}}",
    );
    expect(found).toEqual([]);
    expect(configuration.targets.argo?.config).toEqual({ image: "b", service_account_name: "s" });
    expect(configuration.executor.type).toBe("argo");
  });

  it("keeps the keys below a target's options as they are", () => {
    const { configuration } = read("targets: {github_actions: {runs-on: {my-label: a-b}}}");
    expect(configuration.targets["github-actions"]?.config).toEqual({ runs_on: { "my-label": "a-b" } });
  });
});

describe("isolate and grace", () => {
  it.each([
    ["isolate: never", { isolate: "never" }],
    ["isolate: always\ngrace: 1m30s", { isolate: "always", graceMs: 90_000 }],
    ["grace: 250ms", { graceMs: 250 }],
    ["grace: 1d", { graceMs: 86_400_000 }],
  ])("reads %j", (text, expected) => {
    expect(read(text).configuration).toMatchObject(expected);
  });

  it.each([
    ["isolate: sometimes", "sometimes"],
    ["isolate: [always]", "[always]"],
    ["grace: 30", "30"],
    ["grace: soon", "soon"],
    ["grace: 999999999999d", "999999999999d"],
  ])("refuses %j", (text, at) => {
    expect(read(text).found).toMatchObject([{ code: "bad-configuration-value", at }]);
  });
});

describe("errors", () => {
  it.each([
    ["executr: {type: local}", "unknown-configuration-key", "executr", 'did you mean "executor"?'],
    ["catalog: {type: file-system, config: {log_folder: x}}", "unknown-configuration-key", "log_folder", undefined],
    [
      "run_log_store: {type: file-system, config: {log_foldr: x}}",
      "unknown-configuration-key",
      "log_foldr",
      'did you mean "log_folder"?',
    ],
    [
      "run_log_store: {type: file-system, config: {}, log_folder: x}",
      "unknown-configuration-key",
      "log_folder",
      undefined,
    ],
    [
      "executor: {type: local, config: {overrides: {a: {enable_paralel: true}}}}",
      "unknown-configuration-key",
      "enable_paralel",
      'did you mean "enable_parallel"?',
    ],
    ["run_log_store: {type: bufferd}", "unknown-service-type", "bufferd", 'did you mean "buffered"?'],
    ["catalog: {type: minio}", "unknown-service-type", "minio", undefined],
    ["catalog: {config: {}}", "missing-configuration-key", "catalog", undefined],
    ["executor: {type: local-container}", "missing-configuration-key", "local-container", undefined],
    ["catalog: file-system", "bad-configuration-value", "file-system", undefined],
    ["catalog: {type: [a]}", "bad-configuration-value", "[a]", undefined],
    ["catalog: {type: file-system, config: here}", "bad-configuration-value", "here", undefined],
    ["executor: {type: local, config: {enable_parallel: maybe}}", "bad-configuration-value", "maybe", undefined],
    ["secrets: {type: dotenv, config: {location: 7}}", "bad-configuration-value", "7", undefined],
    [
      "executor: {type: mocked, config: {patches: {a: {command_type: bash}}}}",
      "bad-configuration-value",
      "bash",
      undefined,
    ],
    ["targets: {argo: yes please}", "bad-configuration-value", "yes please", undefined],
    ["[a, b]", "bad-configuration-value", "[a, b]", undefined],
    [
      "run-log-store: {type: buffered}\nrun_log_store: {type: buffered}",
      "duplicate-configuration-key",
      "run_log_store",
      undefined,
    ],
    ["targets: {argo: {run-as: 1, run_as: 2}}", "duplicate-configuration-key", "run_as", undefined],
  ])("points at what is wrong in %j", (text, code, at, hint) => {
    const { found } = read(text);
    expect(found).toMatchObject([{ code, ...(code === "missing-configuration-key" ? {} : { at }) }]);
    if (hint !== undefined) expect(found[0]?.hint).toBe(hint);
  });

  it("reports everything at once", () => {
    const { found } = read(
      "executr: {type: local}\ncatalog: {type: minio}\nsecrets: {type: dotenv, config: {locaton: x}}",
    );
    expect(found.map(({ code }) => code)).toEqual([
      "unknown-configuration-key",
      "unknown-service-type",
      "unknown-configuration-key",
    ]);
  });
});
