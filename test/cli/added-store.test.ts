/** One more backend is one more description: nothing else of the sources is changed for it. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWithVault } from "../support/build-with-vault.ts";
import { type Ended, run } from "../support/programs.ts";
import { workspace } from "../support/workspace.ts";

const pipeline = `
dag:
  start_at: tell
  steps:
    tell:
      type: task
      command_type: shell
      command: "echo content >file.txt; echo pass=$VAULT_PASSWORD token=$VAULT_TOKEN"
      catalog: {put: [file.txt]}
      next: success
`;

const config = "{vault: safe, password: $VAULT_PASSWORD}";
const configuration = `run_log_store: {type: vault, config: ${config}}\ncatalog: {type: vault, config: ${config}}\n`;
const env = { VAULT_PASSWORD: "open-sesame-please", VAULT_TOKEN: "token-of-the-vault" };

let built = "";
beforeAll(() => {
  built = buildWithVault();
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

function newProject(): string {
  return workspace({
    "pipeline.yaml": pipeline,
    "magnus-config.yaml": configuration,
    "safe/password": env.VAULT_PASSWORD,
  });
}

function magnus(args: readonly string[], cwd: string, more: { readonly [name: string]: string } = env): Promise<Ended> {
  return run(process.execPath, [path.join(built, "dist/magnus.js"), ...args], { cwd, env: more });
}

/** All that is kept and said; the project's own files, which have the password, left out. */
function everything(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "password")
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

describe("a store that is added", () => {
  test("keeps a run, shows, copies and checks it, and its password is seen nowhere", async () => {
    const cwd = newProject();
    const ran = await magnus(["run", "pipeline.yaml", "--run-id", "first"], cwd);
    expect(ran.code, ran.stderr).toBe(0);
    expect(readdirSync(path.join(cwd, "safe/top"))).toEqual(["files", "runs"]);
    expect(readdirSync(path.join(cwd, "safe/top/runs"))).toEqual(["first"]);
    const listed = await magnus(["runs", "list"], cwd);
    expect(listed.stdout, listed.stderr).toContain("first");
    const shown = await magnus(["runs", "show", "first"], cwd);
    expect(shown.stdout, shown.stderr).toContain("tell");
    const pushed = await magnus(["runs", "push", "first", "--to", "elsewhere"], cwd);
    expect(pushed.code, pushed.stderr).toBe(0);
    rmSync(path.join(cwd, "safe/top"), { recursive: true });
    const pulled = await magnus(["runs", "pull", "first", "--from", "elsewhere"], cwd);
    expect(pulled.code, pulled.stderr).toBe(0);
    expect(readdirSync(path.join(cwd, "safe/top/runs"))).toEqual(["first"]);
    const doctor = await magnus(["doctor"], cwd);
    expect(doctor.code, doctor.stdout).toBe(0);
    expect(doctor.stdout).toContain("vault (safe/top)");
    const kept = [ran, listed, shown, pushed, pulled, doctor].map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(everything(cwd)).toContain("pass=***");
    for (const secret of Object.values(env)) expect(everything(cwd) + kept).not.toContain(secret);
  });

  test("is there in compiled files, which the shim runs with it", async () => {
    const cwd = newProject();
    const compiled = await magnus(["compile", "pipeline.yaml", "--target", "shell", "--output", "out"], cwd, {});
    expect(compiled.code, compiled.stderr).toBe(0);
    const [script = ""] = readdirSync(path.join(cwd, "out"));
    const more = { ...env, MAGNUS_SHIM: path.join(built, "dist/start.cjs") };
    const ran = await run("sh", [path.join("out", script)], { cwd, env: more });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(everything(path.join(cwd, "safe/top"))).toContain("pass=***");
    for (const secret of Object.values(env)) expect(everything(cwd) + ran.stdout + ran.stderr).not.toContain(secret);
  });

  test("is checked by its keys where it is configured, opened and compiled", async () => {
    const cwd = newProject();
    const check = (setting: string) => magnus(["run", "pipeline.yaml", "--set", setting], cwd);
    const unknown = await check("catalog.config.shelf=2");
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain(`its keys are "vault", "password" and "drawer"`);
    const wrong = await check("catalog.config.password=guessed");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("the vault stays closed");
    const github = await magnus(["compile", "pipeline.yaml", "--target", "github-actions"], cwd);
    expect(github.code).toBe(2);
    for (const name of Object.keys(env)) expect(github.stderr).toContain(`the services need the variable ${name}`);
  });
});
