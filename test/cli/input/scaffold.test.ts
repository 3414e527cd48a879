import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scaffoldFiles } from "../../../src/cli/input/scaffold.ts";
import { readConfiguration } from "../../../src/configuration/read-configuration.ts";
import { servicesText } from "../../../src/configuration/services-of.ts";
import { DiagnosticSink } from "../../../src/diagnostics/sink.ts";
import { readYaml } from "../../../src/frontends/yaml.ts";
import { isObject } from "../../../src/protocol/json.ts";

const readTemplate = (name: string): string =>
  readFileSync(new URL(`../../../templates/init/${name}`, import.meta.url), "utf8");

function contentOf(path: string, name = "demo"): string {
  const file = scaffoldFiles(name, readTemplate).find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`no ${path}`);
  return file.content;
}

describe("magnus init", () => {
  it("writes a pipeline, its functions, the configuration and what git ignores", () => {
    expect(scaffoldFiles("demo", readTemplate).map(({ path }) => path)).toEqual([
      "pipeline.yaml",
      "steps.py",
      "magnus-config.yaml",
      ".gitignore",
    ]);
    expect(contentOf(".gitignore").split("\n")).toContain(".magnus/");
  });

  it.each([
    ["demo", "demo"],
    ['my "own" folder', 'my "own" folder'],
    [".config", "config"],
    ["v1.2%", "v1-2"],
    ["a\nb", "a-b"],
    ["...", "pipeline"],
    ["$& $1", "$& $1"],
    ["yes", "yes"],
  ])("names the pipeline of the folder %j", (folder, name) => {
    const sink = new DiagnosticSink();
    const text = contentOf("pipeline.yaml", folder);
    const document = readYaml({ name: "pipeline.yaml", text }, sink);
    expect(sink.list()).toEqual([]);
    expect(isObject(document?.value) && document.value.name).toBe(name);
  });

  it("has a configuration that only says the defaults", () => {
    const sink = new DiagnosticSink();
    const files = [{ name: "magnus-config.yaml", text: contentOf("magnus-config.yaml") }];
    const configuration = readConfiguration({ files, set: [], targetNames: [], sink });
    expect(sink.list()).toEqual([]);
    expect(configuration).toMatchObject({ executor: { type: "local" }, isolate: "auto", graceMs: 30_000 });
    expect(servicesText(configuration)).toBe(
      '{"catalog":{"catalog_location":".magnus/catalog","type":"file-system"},"run_log_store":{"log_folder":".magnus/runs","type":"file-system"}}',
    );
  });

  it("shows every choice of secrets in a comment that can be used as it is", () => {
    const text = contentOf("magnus-config.yaml");
    for (const type of ["dotenv", "files", "do-nothing"]) expect(text).toMatch(new RegExp(`# type: ${type}\\b`));
  });
});
