/** The table of cases and engines in docs/conformance.md, kept in step with the cases. UPDATE=1 rewrites it. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/build.ts";
import { conformanceCases, enginesOf } from "./cases.ts";

const page = path.join(root, "docs/conformance.md");

test("docs/conformance.md lists every case and the engines that run it", () => {
  const cases = conformanceCases();
  const untitled = cases.filter(({ about }) => about === "").map(({ name }) => name);
  expect(untitled, "pipelines without a first line that says what they show").toEqual([]);
  const rows = cases.map((testCase) => {
    const engines = enginesOf(testCase);
    const cells = ["local", "dash", "bash", "busybox", "posh", "yash", "mksh", "argo", "github-actions"].map((name) =>
      engines.includes(name) ? "✓" : "",
    );
    return `| ${testCase.name} | ${testCase.about.replaceAll("|", "\\|")} | ${cells.join(" | ")} |`;
  });
  const table = [
    "| case | shows | local | dash | bash | busybox | posh | yash | mksh | argo | github-actions |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  const before = readFileSync(page, "utf8");
  const marker = "<!-- the table below is written by test/conformance/matrix.test.ts -->\n";
  const after = `${before.slice(0, before.indexOf(marker) + marker.length)}\n${table}\n`;
  if (process.env.UPDATE === "1") writeFileSync(page, after);
  expect(after).toBe(readFileSync(page, "utf8"));
  console.log(table);
});
