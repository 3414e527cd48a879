/**
 * `fixtures/errors/<code>/` of the command line: the last of the commands in `commands.yaml` prints exactly
 * `expected.txt` (its folder as FOLDER, a run's id as RUN) and exits 2; where it is a warning, with 0. UPDATE=1 rewrites it.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { commandCodes } from "../../src/diagnostics/codes-command.ts";
import { root } from "../support/build.ts";
import { runMagnus } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

test.for(Object.keys(commandCodes))("%s", async (diagnostic) => {
  const fixture = path.join(root, "fixtures/errors", diagnostic);
  const cwd = workspace();
  cpSync(fixture, cwd, { recursive: true });
  const commands: readonly string[] = parse(readFileSync(path.join(fixture, "commands.yaml"), "utf8"));
  const before = commands.slice(0, -1);
  for (const command of before) expect((await runMagnus(command.split(" "), { cwd })).code).toBe(0);
  const { code, stdout, stderr: printed } = await runMagnus((commands.at(-1) ?? "").split(" "), { cwd });
  const stderr = printed.replaceAll(cwd, "FOLDER").replace(/\d{8}-\d{6}-\w{4}/g, "RUN");
  const expected = path.join(fixture, "expected.txt");
  if (process.env.UPDATE === "1") writeFileSync(expected, stderr);
  const { severity } = commandCodes[diagnostic as keyof typeof commandCodes];
  expect(code).toBe(severity === "error" ? 2 : 0);
  if (severity === "error") expect(stdout).toBe("");
  expect(stderr).toBe(readFileSync(expected, "utf8"));
  expect(stderr).toContain(`${severity}[${diagnostic}]`);
});
