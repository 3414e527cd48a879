/** What the pages say of commands, JSON, files and links, against the product; and how they say it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shimFiles } from "../../src/protocol/shim-files.ts";
import { serviceKinds } from "../../src/services/service-kinds.ts";
import { forbiddenIn } from "../language/phrases.ts";
import { root } from "../support/build.ts";
import { type StandIn, startMlflowStandIn } from "../support/mlflow-stand-in.ts";
import { runMagnus } from "../support/programs.ts";
import { allPages, anchorsOf, codeIn, proseOf, readPage, rowsOf, sectionOf } from "./pages.ts";
import { differences, readShape, type Shape } from "./shape.ts";

const cli = readPage("docs/cli.md");

describe.for(allPages())("%s", (page) => {
  const markdown = readPage(page);

  test("uses the words of the field", () => {
    expect(forbiddenIn(proseOf(markdown))).toEqual([]);
  });

  test("links to files and headings that exist", () => {
    expect(deadLinks(page, markdown)).toEqual([]);
  });

  test("names files of the repository that exist", () => {
    const files = codeIn(markdown).filter((code) =>
      /^(?:docs|fixtures|python|scripts|src|targets|templates|test)\/[\w./-]+$/.test(code),
    );
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

test("a dead link, a dead anchor and a forbidden phrase are found", () => {
  expect(deadLinks("README.md", "[a](none.md) [b](docs/cli.md#no-such) [c](#d) [e](docs/cli.md#exit-codes)")).toEqual([
    "none.md",
    "docs/cli.md#no-such",
    "#d",
  ]);
  expect(forbiddenIn("a blank is no sign")).toHaveLength(2);
});

describe("docs/cli.md", () => {
  test("has every command and option of --help, and no other", async () => {
    const commands = await helpOfAll();
    const existing = new Set(["--version", ...commands.flatMap(({ options }) => options)]);
    const shared = sectionOf(cli, "## Options of several commands");
    const wrong = commands.flatMap(({ name, options }) => {
      const heading = cli.split("\n").find((line) => line.startsWith(`## magnus ${sectionName(name)}`));
      if (heading === undefined) return [`${name} has no section`];
      const section = proseless(sectionOf(cli, heading));
      if (
        !codeIn(`${heading.replace(/^## (.*)/, "`$1`")}\n${section}`).some((code) => code.startsWith(`magnus ${name}`))
      )
        return [`${name} is not described`];
      const described = new Set([...optionsIn(section), ...optionsIn(shared)]);
      return [
        ...options.filter((option) => !described.has(option)).map((option) => `${name} ${option} is not described`),
        ...[...described].filter((option) => !existing.has(option)).map((option) => `${option} does not exist`),
      ];
    });
    expect(wrong).toEqual([]);
    expect(existing.size).toBeGreaterThan(20);
  });

  test("has the exit codes that --help has", async () => {
    const { stdout } = await runMagnus(["--help"], { cwd: root });
    const printed = /Exit codes: ([\s\S]*)/.exec(stdout)?.[1] ?? "";
    const codes = [...printed.matchAll(/\b\d+\b/g)].map(([code]) => code);
    const documented = rowsOf(sectionOf(cli, "## Exit codes")).flatMap(([cell = ""]) => cell.split(", "));
    expect(documented).toEqual(codes);
  });
});

describe("the JSON of", () => {
  let server: StandIn;
  let cwd: string;
  beforeAll(async () => {
    server = await startMlflowStandIn();
    cwd = mkdtempSync(path.join(tmpdir(), "magnus-truth-"));
    const pipeline =
      "parameters: {ok: true}\ndag: {steps: [{name: say, type: task, command_type: shell, command: 'test $ok = true'}]}";
    writeFileSync(path.join(cwd, "pipeline.yaml"), pipeline);
    writeFileSync(path.join(cwd, "wrong.yaml"), "dag: {steps: [{name: say, type: task, nxt: none}]}");
    writeFileSync(
      path.join(cwd, "magnus-config.yaml"),
      `experiment_tracker: {type: mlflow, config: {server_url: "${server.url}"}}
targets: {argo: {image: busybox, shim_image: magnus-shim, storage: {claim: runs}}}`,
    );
    await runMagnus(["run", "pipeline.yaml", "--param", "ok=true", "--run-id", "done", "-q"], { cwd });
    await runMagnus(["compile", "pipeline.yaml", "--target", "argo", "--target", "github-actions", "-q"], { cwd });
  });
  afterAll(() => {
    rmSync(cwd, { recursive: true, force: true });
    return server.close();
  });

  const failed = readShape(`{${spanIn("## magnus run PIPELINE", '"failure"')}}`);
  const outputs: readonly (readonly [string, Shape, string])[] = [
    ["run pipeline.yaml --param ok=true --json", shapeIn("## magnus run PIPELINE", '{"run"'), ""],
    ["run pipeline.yaml --param ok=false --json", both(shapeIn("## magnus run PIPELINE", '{"run"'), failed), ""],
    ["compile pipeline.yaml --target shell --json", shapeIn("## magnus compile PIPELINE --target T…", '{"files"'), ""],
    ["simulate pipeline.argo.yaml --param ok=true --json", shapeIn("## magnus simulate FILE", '{"phase"'), "message"],
    [
      "simulate .github/workflows/pipeline.yml --input ok=true --json",
      shapeIn("## magnus simulate FILE", '{"conclusion"'),
      "outputs",
    ],
    ["runs list --json", shapeIn("## magnus runs", '{"runs": [{"run", "pipeline"'), "tag target"],
    ["runs verify --json", shapeIn("## magnus runs", '{"runs": [{"run", "damage"'), ""],
    ["runs push done --to copy/ --json", shapeIn("## magnus runs", '{"runs": [{"run", "added"'), ""],
    ["track sync done --json", shapeIn("## magnus track sync RUN", '{"run"'), ""],
    ["doctor --json", shapeIn("## magnus doctor", '{"checks"'), "credentials"],
    ["targets --json", shapeIn("## magnus targets", '{"targets"'), "iterations"],
    ["shim image --json", shapeIn("## magnus shim image", '{"image"'), ""],
    ["check wrong.yaml --format json", readShape(diagnosticsForm()), "hint"],
  ];
  test.for(outputs)("magnus %s is as documented", async ([command, shape, optional]) => {
    const { stdout, stderr } = await runMagnus(command.split(" "), { cwd });
    const last = stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(last, stderr).toMatch(/^\{/);
    expect(differences(shape, JSON.parse(last), new Set(optional.split(" ")))).toEqual([]);
  });

  test("doctor has credentials, as documented, if a store on a server is configured", async () => {
    const set = ["type=s3", "bucket=b", "endpoint=http://127.0.0.1:1"].flatMap((one) => [
      "--set",
      `run_log_store.${one}`,
    ]);
    const env = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "hidden-key" };
    const { stdout } = await runMagnus(["doctor", "--json", ...set], { cwd, env });
    expect(JSON.parse(stdout).checks[0].credentials).toContain("AWS_ACCESS_KEY_ID");
  });

  test("runs show is as documented", () => {
    const source = readFileSync(path.join(root, "src/run-log/views/view.ts"), "utf8");
    const rows = rowsOf(sectionOf(cli, "### The JSON of runs show"));
    const documented = Object.fromEntries(rows.map(([object = "", keys = ""]) => [object, namesIn(keys).sort()]));
    expect(documented).toEqual({
      run: fieldsOf(source, "RunView"),
      step: fieldsOf(source, "StepView"),
      graph: fieldsOf(source, "GraphView"),
      attempt: fieldsOf(source, "AttemptView"),
    });
  });
});

describe("docs/run-log.md", () => {
  const source = readFileSync(path.join(root, "src/protocol/event.ts"), "utf8");
  const events = [
    ...source.matchAll(/^ {2}readonly kind: "([a-z.]+)";\n {2}readonly data: (\{.*\}|\{\n[\s\S]*?\n {2}\});$/gm),
  ].map(([, kind = "", data = ""]) => [kind, data] as const);
  const rows = rowsOf(sectionOf(readPage("docs/run-log.md"), "## Events"));
  const cells = new Map(
    rows.flatMap(([kinds = "", , data = ""]) => codeIn(kinds).map((kind) => [kind, data] as const)),
  );

  test("has every kind of event, and no other", () => {
    expect([...cells.keys()].sort()).toEqual(events.map(([kind]) => kind).sort());
    expect(events.length).toBeGreaterThan(10);
  });

  test.for(events)("has the fields of %s", ([kind, data]) => {
    const named = [...data.matchAll(/\b(ProcessIdentity|Link|CatalogFile)\b/g)].flatMap(([name]) =>
      fieldsOf(source, name),
    );
    const fields = [...fieldsIn(data), ...named].filter((name) => name !== "refs");
    const values = [...data.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? "");
    const documented = namesIn(cells.get(kind) ?? "").filter((name) => !values.includes(name));
    expect(documented.sort()).toEqual([...new Set(fields)].sort());
  });
});

describe("docs/shim.md", () => {
  const page = readPage("docs/shim.md");

  test("has every file beside the shim, and the build makes them", () => {
    const files = rowsOf(sectionOf(page, "## Its files")).flatMap(([file = ""]) => codeIn(file));
    const launchers = ["launcher-x64", "launcher-arm64"];
    expect([...files].sort()).toEqual([...shimFiles.map(({ name }) => name), ...launchers].sort());
    expect(files.filter((file) => !existsSync(path.join(root, "dist", file)))).toEqual([]);
  });

  test("has the keys of a step spec", () => {
    const source = readFileSync(path.join(root, "src/protocol/step-spec.ts"), "utf8");
    const keys = rowsOf(sectionOf(page, "## The step spec")).flatMap(([key = ""]) => codeIn(key));
    expect([...keys].sort()).toEqual(["v", ...fieldsOf(source, "StepSpec")].sort());
  });
});

describe("docs/configuration.md", () => {
  const page = readPage("docs/configuration.md");

  test.for(Object.entries(serviceKinds))("has the types of %s and their keys", ([service, kinds]) => {
    const rows = rowsOf(sectionOf(page, `## ${service}`));
    for (const { type, keys = {} } of kinds) {
      const row = rows.find(([types = ""]) => codeIn(types).includes(type)) ?? [];
      const [, documented = ""] = row;
      const names = codeIn(documented.replace(/\(.*?\)/g, ""));
      expect([type, [...names].sort()]).toEqual([type, Object.keys(keys).sort()]);
    }
    expect(rows.length).toBe(kinds.length);
  });
});

describe("the pages of targets", () => {
  test("have every option of their target", async () => {
    const { stdout } = await runMagnus(["targets", "--json"], { cwd: root });
    const targets: readonly { name: string; options: { properties?: object } }[] = JSON.parse(stdout).targets;
    const wrong = targets
      .filter(({ name }) => existsSync(path.join(root, "targets", name, "README.md")))
      .flatMap(({ name, options }) => {
        const rows = rowsOf(sectionOf(readPage(`targets/${name}/README.md`), "## Options"));
        const described = new Set(
          rows.flatMap((cells) => codeIn(cells.join(" ")).map((code) => code.split(".")[0] ?? "")),
        );
        return Object.keys(options.properties ?? {})
          .filter((key) => !described.has(key))
          .map((key) => `${name}: ${key}`);
      });
    expect(wrong).toEqual([]);
    expect(targets.length).toBeGreaterThan(2);
  });
});

function deadLinks(page: string, markdown: string): readonly string[] {
  const links = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(file === "" ? markdown : readPage(target)).has(anchor);
  });
}

interface Help {
  /** `runs show` */
  readonly name: string;
  readonly options: readonly string[];
}

/** The help of all commands that can be called. */
async function helpOfAll(): Promise<readonly Help[]> {
  const help = async (...words: readonly string[]) => (await runMagnus([...words, "--help"], { cwd: root })).stdout;
  const names: string[][] = [];
  for (const name of commandsIn(await help())) {
    const group = commandsIn(await help(name));
    names.push(...(group.length === 0 ? [[name]] : group.map((one) => [name, one])));
  }
  return Promise.all(names.map(async (words) => ({ name: words.join(" "), options: optionsOf(await help(...words)) })));
}

/** The first words of the lines below `Commands:`. */
function commandsIn(help: string): readonly string[] {
  const below = /^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? "";
  return [...below.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1] ?? "");
}

function optionsOf(help: string): readonly string[] {
  return [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1] ?? "");
}

function optionsIn(text: string): readonly string[] {
  return codeIn(text).flatMap((code) => [...code.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option));
}

/** Commands of a group share a section, except where there is only one. */
function sectionName(name: string): string {
  return name.startsWith("runs ") ? "runs" : name;
}

/** A section without its examples. */
function proseless(section: string): string {
  return section.replace(/^```[\s\S]*?^```$/gm, "");
}

function spanIn(heading: string, start: string): string {
  const span = codeIn(proseless(sectionOf(cli, heading))).find((code) => code.startsWith(start));
  if (span === undefined) throw new Error(`${heading}: no code begins with ${start}`);
  return span;
}

function shapeIn(heading: string, start: string): Shape {
  return readShape(spanIn(heading, start));
}

/** The block after the sentence that announces it. */
function diagnosticsForm(): string {
  const [, block = ""] = /^The shape of `--format json`[\s\S]*?^```text\n([\s\S]*?)^```$/m.exec(cli) ?? [];
  return block;
}

function both(one: Shape, other: Shape): Shape {
  if (typeof one === "string" || typeof other === "string" || !("keys" in one && "keys" in other))
    throw new Error("not both are objects");
  return { keys: new Map([...one.keys, ...other.keys]) };
}

function namesIn(cell: string): string[] {
  return codeIn(cell).filter((code) => /^[a-z]\w*$/i.test(code));
}

/** The fields of an interface of a source, sorted; not those of objects within. */
function fieldsOf(source: string, name: string): string[] {
  const body = new RegExp(`^export interface ${name} [^{]*\\{\\n([\\s\\S]*?)^\\}$`, "m").exec(source)?.[1];
  if (body === undefined) throw new Error(`no interface ${name}`);
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? "").sort();
}

/** All names of fields, also of objects within. */
function fieldsIn(text: string): readonly string[] {
  return [...text.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1] ?? "");
}
