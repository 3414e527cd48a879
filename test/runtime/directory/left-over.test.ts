import { execFileSync } from "node:child_process";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataOf, newFolder, newServices, runShell } from "../attempt/step-harness.ts";

/** A project in which a file was left long enough ago: what is dated by the file system's clock is a little late. */
async function project(...names: readonly string[]): Promise<string> {
  const folder = newFolder();
  for (const name of names) writeFileSync(join(folder, name), "old\n");
  await new Promise((resolve) => setTimeout(resolve, 60));
  return folder;
}

async function warningsOf(folder: string, command: string, catalog: object): Promise<readonly string[]> {
  const services = { ...newServices(), projectDir: folder };
  const { events } = await runShell(command, { task: { catalog }, services });
  return dataOf(events, "warning").map(({ message }) => message);
}

describe("what another run left in the project", () => {
  it("is named where a step puts it and did not write it", async () => {
    const folder = await project("model.bin", "table.csv");
    const put = [{ pattern: "*.bin" }, { pattern: "*.csv" }];
    expect(await warningsOf(folder, "echo new >table.csv", { put })).toEqual([
      "`put` took files that were there before this step and that it did not write: model.bin",
    ]);
  });

  it("is not what a step wrote with an older date, as tar and cp -p do", async () => {
    const folder = await project("a.txt");
    utimesSync(join(folder, "a.txt"), 1, 1);
    const put = [{ pattern: "b.txt" }];
    expect(await warningsOf(folder, "cp -p a.txt b.txt", { put })).toEqual([]);
  });

  it("is named where it stands among the files that a step gets", async () => {
    const folder = await project("part2");
    const get = [{ pattern: "part*", optional: true }];
    expect(await warningsOf(folder, "true", { get })).toEqual([
      "files that match `get` were in the folder already; no earlier step put them: part2",
    ]);
  });

  it("is what git has on every engine: nothing is said", async () => {
    const folder = await project("settings.yaml");
    execFileSync("git", ["init", "-q"], { cwd: folder });
    execFileSync("git", ["add", "settings.yaml"], { cwd: folder });
    const catalog = { get: [{ pattern: "*.yaml", optional: true }], put: [{ pattern: "settings.yaml" }] };
    expect(await warningsOf(folder, "true", catalog)).toEqual([]);
  });

  it("is marked in a directory of the step's own, so that it takes no place of what other items made", async () => {
    const folder = await project("a.txt", "b.txt", "c.txt");
    const got = { name: "c.txt", digest: "sha256:".padEnd(71, "0"), size: 4 };
    const services = { ...newServices(), projectDir: folder };
    writeFileSync(join(folder, "c"), "old\n");
    const digest = (await services.catalog.putFile(join(folder, "c"))).digest;
    const { events } = await runShell("printf 'new\n' >a.txt; printf 'old\n' >c.txt", {
      task: { catalog: { get: [{ pattern: "c.txt" }], put: [{ pattern: "*.txt" }] } },
      spec: { concurrent: true },
      files: [{ ...got, digest }],
      services,
    });
    const [put] = dataOf(events, "catalog.put");
    expect(put?.files.map(({ name, found }) => [name, found])).toEqual([
      ["a.txt", undefined],
      ["b.txt", true],
      ["c.txt", true],
    ]);
    expect(dataOf(events, "warning")).toEqual([
      { message: "`put` took files that were there before this step and that it did not write: b.txt" },
    ]);
  });
});
