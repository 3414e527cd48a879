// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of configurations, not of JavaScript
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkServicesHere, checkServicesThere } from "../../src/configuration/check-services-here.ts";
import { servicesOf, servicesText } from "../../src/configuration/services-of.ts";
import { parseJson } from "../../src/protocol/json.ts";
import { ServiceError } from "../../src/protocol/services.ts";
import { openServices } from "../../src/services/open-services.ts";
import { variablesOfServices } from "../../src/services/services-elsewhere.ts";
import { servicesIn } from "../../src/services/services-in.ts";
import { findings, read } from "./read.ts";

const folder = mkdtempSync(join(tmpdir(), "magnus-services-"));
afterAll(() => rmSync(folder, { recursive: true }));

function open(text: string, environment: { readonly [name: string]: string } = {}) {
  return openServices(servicesIn(parseJson(servicesText(read(text).configuration) ?? "{}")), environment, folder);
}

const none: ReadonlySet<string> = new Set();

describe("services of a configuration", () => {
  it("leaves out what is as by default", () => {
    expect(servicesOf(read("").configuration)).toEqual({});
    expect(servicesText(read("catalog: {type: file-system}\nisolate: auto\ngrace: 30s").configuration)).toBeUndefined();
  });

  it("prints the rest on one line, variables unresolved", () => {
    const { configuration } = read(
      "run_log_store: {type: chunked-fs, config: {log_folder: $LOGS/a}}\nisolate: never\ngrace: 5s\ncatalog: {type: do-nothing}",
    );
    expect(servicesText(configuration)).toBe(
      '{"catalog":{"type":"do-nothing"},"graceMs":5000,"isolate":"never","run_log_store":{"log_folder":"$LOGS/a","type":"file-system"}}',
    );
    expect(variablesOfServices(servicesOf(configuration), none)).toEqual(["LOGS"]);
  });
});

describe("opened services", () => {
  it("works without configuration", () => {
    const services = open("");
    expect(services.runLogStore.name).toBe("file-system (.magnus/runs)");
    expect(services.catalog.name).toBe("file-system (.magnus/catalog)");
    expect(services).toMatchObject({ isolate: "auto", graceMs: 30_000 });
  });

  it("replaces variables and puts relative folders below the working directory", async () => {
    const services = open("run_log_store: {type: file-system, config: {log_folder: $LOGS/runs}}", {
      MAGNUS_VAR_LOGS: "here",
    });
    const log = await services.runLogStore.create("one");
    expect(log).not.toBeNull();
    expect(services.runLogStore.name).toBe("file-system (here/runs)");
    const again = openServices(
      { run_log_store: { type: "file-system", log_folder: join(folder, "here/runs") } },
      {},
      "/",
    );
    expect(await again.runLogStore.exists("one")).toBe(true);
  });

  it("opens what stores nothing", () => {
    const services = open("run_log_store: {type: buffered}\ncatalog: {type: do-nothing}\nisolate: always");
    expect(services.runLogStore.name).toContain("buffered");
    expect(services.catalog.keeps).toBe(false);
    expect(services.isolate).toBe("always");
  });

  it("takes secrets from the environment, with prefix and suffix", () => {
    expect(open("", { TOKEN: "a" }).secrets.get("TOKEN")).toBe("a");
    const services = open("secrets: {type: env-secrets, config: {prefix: $P, suffix: _X}}", {
      P: "CI_",
      CI_TOKEN_X: "b",
      TOKEN: "a",
    });
    expect(services.secrets.get("TOKEN")).toBe("b");
  });

  it("takes secrets from dotenv and folders, the environment first", () => {
    writeFileSync(join(folder, "my.env"), "TOKEN=from-file\nOTHER=other\n");
    const dotenv = open("secrets: {type: dotenv, config: {location: my.env}}", { TOKEN: "from-environment" }).secrets;
    expect([dotenv.get("TOKEN"), dotenv.get("OTHER"), dotenv.get("NONE")]).toEqual([
      "from-environment",
      "other",
      undefined,
    ]);
    writeFileSync(join(folder, "PASSWORD"), "from-folder\n");
    const files = open("secrets: {type: files, config: {location: .}}").secrets;
    expect([files.get("PASSWORD"), files.get("NONE")]).toEqual(["from-folder", undefined]);
  });

  it("opens what is on a server without reaching for it, and never shows a password", () => {
    const services = open(
      "run_log_store: {type: postgres, config: {url: 'postgres://me:$PASSWORD@db:5433/runs'}}\ncatalog: {type: s3, config: {bucket: b, prefix: team}}",
      { PASSWORD: "hidden" },
    );
    expect(services.runLogStore.name).toBe("postgres (db:5433/runs)");
    expect(services.catalog).toMatchObject({ name: "s3 (b/team)", keeps: true });
    expect(JSON.stringify(services)).not.toContain("hidden");
  });

  it("needs credentials for a bucket, though no variable names them", () => {
    const variables = (text: string) => variablesOfServices(servicesOf(read(text).configuration), none);
    const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    expect(variables("catalog: {type: s3, config: {bucket: b}}")).toEqual(keys);
    const inBucket = servicesOf(read("catalog: {type: s3, config: {bucket: b}}").configuration);
    expect(variablesOfServices(inBucket, new Set(["AWS_ROLE_ARN"]))).toEqual([]);
    expect(variablesOfServices(inBucket, new Set(["AWS_PROFILE", "AWS_ACCESS_KEY_ID"]))).toEqual(keys);
    expect(variables("run_log_store: {type: s3, config: {bucket: $B}}")).toEqual([...keys, "B"]);
    expect(variables("run_log_store: {type: postgres, config: {url: 'postgres://$H/d'}}")).toEqual(["H"]);
  });

  it("has no secrets where that is configured", () => {
    expect(open("secrets: {type: do-nothing}", { TOKEN: "a" }).secrets.get("TOKEN")).toBeUndefined();
  });

  it.each([
    [[], "no JSON object"],
    [{ run_log: {} }, 'no key "run_log"'],
    [{ catalog: "x" }, "catalog must be an object with a type"],
    [{ catalog: { type: "minio" } }, 'no type "minio"; use file-system, do-nothing, s3'],
    [{ catalog: { type: "file-system", log_folder: "x" } }, 'no key "log_folder"'],
    [{ catalog: { type: "file-system", catalog_location: 7 } }, "catalog_location must be text"],
    [{ catalog: { type: "file-system", catalog_location: "" } }, "catalog_location is empty"],
    [{ catalog: { type: "file-system", catalog_location: "$NONE/x" } }, "the variable NONE; set MAGNUS_VAR_NONE"],
    [{ catalog: { type: "file-system", catalog_location: "${A:-b}" } }, "${A:-b}, which is not a variable"],
    [{ experiment_tracker: { type: "wandb" } }, 'no type "wandb"; use do-nothing, mlflow'],
    [{ experiment_tracker: { type: "mlflow", server: "x" } }, 'no key "server"'],
    [{ experiment_tracker: { type: "mlflow", server_url: "$NONE" } }, "the variable NONE"],
    [{ run_log_store: { type: "postgres", url: "pg:hidden" } }, "url is not an address of the form postgres://"],
    [{ run_log_store: { type: "postgres" } }, "url is missing or empty"],
    [{ run_log_store: { type: "postgres", url: "postgres://h/d", schema: "A b" } }, 'it is "A b"'],
    [{ run_log_store: { type: "s3", bucket: "" } }, "bucket is missing or empty"],
    [{ run_log_store: { type: "s3", bucket: "x", folder: "y" } }, 'no key "folder"'],
    [{ catalog: { type: "s3", bucket: "$BUCKET" } }, "the variable BUCKET"],
    [{ isolate: "x" }, "isolate must be"],
    [{ graceMs: "5s" }, "graceMs must be a number"],
    [{ graceMs: -1 }, "graceMs must be a number"],
  ])("refuses %j in one line", (services, message) => {
    const opening = () => openServices(servicesIn(services), {}, folder);
    expect(opening).toThrow(ServiceError);
    expect(opening).toThrow(message);
  });
});

describe("before a run", () => {
  const here = (text: string, environment: { readonly [name: string]: string } = {}) => {
    const { configuration, sink } = read(text);
    checkServicesHere(configuration, environment, sink);
    return findings(sink);
  };

  it("accepts what can be opened", () => {
    expect(here("run_log_store: {type: file-system, config: {log_folder: $LOGS}}", { LOGS: "x" })).toEqual([]);
  });

  it.each([
    ["executor: {type: argo, config: {image: a}}", "executor-is-a-target", "argo"],
    ["run_log_store: {type: postgres, config: {url: $NONE}}", "unset-variable", "$NONE"],
    ["catalog: {type: file-system, config: {catalog_location: $NONE}}", "unset-variable", "$NONE"],
  ])("refuses %j at its place", (text, code, at) => {
    expect(here(text)).toMatchObject([{ code, at }]);
  });

  it("lets compiled files have variables that are set elsewhere, but no log in memory", () => {
    const { configuration, sink } = read(
      "executor: {type: mocked}\ncatalog: {type: file-system, config: {catalog_location: $NONE}}",
    );
    checkServicesThere(configuration, sink);
    expect(findings(sink)).toEqual([]);
    const server = read("catalog: {type: s3, config: {bucket: x}}");
    checkServicesThere(server.configuration, server.sink);
    expect(findings(server.sink)).toEqual([]);
    const memory = read("run_log_store: {type: buffered}");
    checkServicesThere(memory.configuration, memory.sink);
    expect(findings(memory.sink)).toMatchObject([{ code: "run-log-not-shared", at: "buffered" }]);
  });
});
