import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumberText } from "../../../src/protocol/json.ts";
import { findProgram } from "../../../src/runtime/task-types/find-program.ts";
import { dataOf, newFolder, newServices } from "../attempt/step-harness.ts";
import { type Cell, executedNotebook, type NotebookGiven, notebookEngine, runNotebook } from "./notebooks.ts";

const engines = (["papermill", "nbclient", "nbconvert"] as const).map(notebookEngine);
const { bin = "", missing } = engines.find((one) => one.missing === undefined) ?? { missing: "nothing executes them" };
if (missing !== undefined) process.stderr.write(`not tested: notebook tasks, since ${missing}\n`);

/** What all engines do alike is in notebook-cases; here is what does not depend on them. */
describe.skipIf(missing !== undefined)("a notebook task", () => {
  const run = (cells: readonly Cell[], given: Omit<NotebookGiven, "bin"> = {}) => runNotebook(cells, { bin, ...given });

  it("keeps objects for later tasks", async () => {
    const services = newServices();
    const first = await run(["model = {1, 2}"], { services, returns: [{ name: "model", kind: "object" }] });
    const model = first.result.delta.model ?? null;
    expect(model).toMatchObject({ $object: expect.stringMatching(/^sha256:/) });
    const second = await run(["from magnus import get_object\ntotal = sum(get_object('model'))"], {
      services,
      visible: { model, rate: new NumberText("1.0") },
      returns: [{ name: "total", kind: "json" }],
    });
    expect(second.result.delta).toEqual({ total: 3 });
  });

  it("masks secrets in the executed notebook, too", async () => {
    const ran = await run(['import os\nprint("it is", os.environ["TOKEN"])'], {
      secrets: { TOKEN: "very-secret-value" },
      task: { secrets: ["TOKEN"] },
    });
    expect(ran.result.status).toBe("success");
    const text = JSON.stringify(await executedNotebook(ran));
    expect(text).toContain("it is");
    expect(text).not.toContain("very-secret-value");
    expect(ran.stdout).not.toContain("very-secret-value");
  });

  it("stores the executed notebook where it is told to, marked as what differs in each run", async () => {
    const ran = await run(["raise ValueError"], { notebook: { outputPath: "./out/[1].ipynb" } });
    expect(dataOf(ran.events, "catalog.put")).toEqual([
      { files: [{ name: "out/[1].ipynb", digest: expect.any(String), size: expect.any(Number), executed: true }] },
    ]);
    expect(existsSync(join(ran.services.projectDir, "out/[1].ipynb"))).toBe(true);
    expect(dataOf(ran.events, "step.finished")[0]?.traceback).toMatch(/ValueError/);
  });

  it("that runs out of time stores what was executed, and its kernel is gone", async () => {
    const ran = await run(
      [
        "print('first', flush=True)",
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntry:\n  time.sleep(600)\nfinally:\n  print('cleaned up')",
      ],
      { task: { timeoutMs: 30_000 } },
    );
    expect(ran.result).toMatchObject({ status: "failed", reason: "timeout" });
    const pid = readFileSync(join(ran.services.projectDir, "pid"), "utf8");
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const text = JSON.stringify(await executedNotebook(ran));
    expect(text).toContain("first");
    expect(text).toContain("cleaned up");
    expect(text).toContain("KeyboardInterrupt");
  });

  it("that is stopped stores what was executed, and nothing else", async () => {
    const stop = new AbortController();
    const services = newServices();
    const ran = await run(
      [
        "open('part.txt', 'w').close()\nprint('first', flush=True)",
        "import time\nprint('second', flush=True)\ntime.sleep(600)",
      ],
      {
        task: { catalog: { put: [{ pattern: "part.txt" }] } },
        services: {
          ...services,
          stop: stop.signal,
          output: (_, chunk) => {
            if (Buffer.from(chunk).toString().includes("second")) stop.abort("SIGTERM");
          },
        },
      },
    );
    expect(ran.result).toMatchObject({ status: "cancelled" });
    expect(ran.result.files.map(({ name, executed }) => [name, executed])).toEqual([["train_out.ipynb", true]]);
    expect(JSON.stringify(await executedNotebook(ran))).toMatch(/first.*KeyboardInterrupt/);
  });

  it("takes jupyter from wherever it is, behind a wrapper too, and without a home", async () => {
    const folder = pathWithoutPackages();
    const jupyter = findProgram(["jupyter"], { PATH: [bin, process.env.PATH].join(delimiter) });
    const wrapper = join(folder, "jupyter");
    writeFileSync(wrapper, `#!/bin/sh\necho 'a wrapper speaks'\nexec '${jupyter}' "$@"\n`);
    chmodSync(wrapper, 0o755);
    const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: "/nonexistent" };
    const ran = await run(["seen = x"], { env, visible: { x: 1 }, returns: [{ name: "seen", kind: "json" }] });
    expect(ran.result, ran.stderr).toMatchObject({ status: "success", delta: { seen: 1 } });
  });

  it("says what is missing", async () => {
    const ran = await run(["1"], { env: { PATH: `${pathWithoutPackages()}:/usr/bin:/bin` } });
    expect(ran.result).toMatchObject({ status: "failed", reason: "cannot-start", exitCode: 1 });
    expect(ran.result.message).toMatch(
      /^a notebook needs papermill, nbclient or Jupyter's nbconvert; \/.* has none of them \(pip install papermill ipykernel\)$/,
    );
    const gone = await run([], { task: { command: "gone.ipynb" } });
    expect(gone.result.message).toBe("cannot read the notebook gone.ipynb: No such file or directory");
  });
});

/** A folder with a python3 that finds no packages. */
function pathWithoutPackages(): string {
  const folder = newFolder();
  const python = findProgram(["python3"], { PATH: process.env.PATH ?? "" });
  const program = join(folder, "python3");
  writeFileSync(program, `#!/bin/sh\nexec '${python}' -S "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}
