import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumberText } from "../../../src/protocol/json.ts";
import { dataOf, kindsOf, newServices, type Ran } from "../step-harness.ts";
import { type Cell, type NotebookGiven, notebookEngines, runNotebook } from "./notebooks.ts";

const json = (...names: string[]) => names.map((name) => ({ name, kind: "json" }) as const);

interface Executed {
  readonly cells: readonly {
    readonly source: string | readonly string[];
    readonly execution_count: number | null;
    readonly outputs?: readonly { readonly output_type: string; readonly text?: string | readonly string[] }[];
    readonly metadata: { readonly tags?: readonly string[] };
  }[];
}

/** The executed notebook that the catalog has. */
async function stored({ events, services }: Ran, name = "train_out.ipynb"): Promise<Executed> {
  const files = dataOf(events, "catalog.put").flatMap(({ files }) => files);
  const file = files.find((one) => one.name === name);
  if (file === undefined) throw new Error(`the catalog has ${files.map((one) => one.name).join(", ") || "nothing"}`);
  const target = join(services.projectDir, "..", `${file.digest.slice(-8)}.ipynb`);
  await services.catalog.getFile(file.digest, target, { executable: false });
  return JSON.parse(readFileSync(target, "utf8"));
}

const sources = ({ cells }: Executed) => cells.map(({ source }) => [source].flat().join(""));

for (const { name, bin = "", missing } of notebookEngines()) {
  describe.skipIf(missing !== undefined)(`by ${name}${missing === undefined ? "" : ` (left out: ${missing})`}`, () => {
    const run = (cells: readonly Cell[], given: Omit<NotebookGiven, "bin"> = {}) =>
      runNotebook(cells, { bin, ...given });

    it("counts the cells of the author's file, whatever parameters were put between them", async () => {
      const cells = [{ source: "rate = 1", tags: ["parameters"] }, "1 / (rate - 5)"];
      const { result } = await run(cells, { visible: { rate: 5 } });
      expect(result.message).toBe("train.ipynb, cell 2: ZeroDivisionError: division by zero");
    });

    it("gives parameters after the tagged cell, takes variables named in returns", async () => {
      const ran = await run(
        [
          { source: "rate = 0.1\ndepth = 2", tags: ["parameters"] },
          "score = rate * depth\nunits = [depth, None, rate]",
        ],
        {
          visible: { rate: new NumberText("1.0"), depth: 3, class: "a keyword", who: 'it\'s "ö"\n' },
          returns: [{ name: "score", kind: "metric" }, ...json("units", "who")],
        },
      );
      expect(ran.result).toMatchObject({ status: "success", exitCode: 0 });
      expect(ran.result.delta).toEqual({
        score: new NumberText("3.0"),
        units: [3, null, new NumberText("1.0")],
        who: 'it\'s "ö"\n',
      });
      expect(dataOf(ran.events, "metric")).toEqual([{ metrics: { score: new NumberText("3.0") } }]);
      const executed = await stored(ran);
      expect(executed.cells.map(({ metadata }) => metadata.tags?.[0])).toEqual([
        "parameters",
        "injected-parameters",
        undefined,
      ]);
      expect(executed.cells.map(({ execution_count }) => execution_count)).toEqual([1, 2, 3]);
      expect(sources(executed)[1]).toContain("rate = 1.0");
      expect(existsSync(join(ran.services.projectDir, "train_out.ipynb"))).toBe(true);
    });

    it("shows what cells print, and reads tagged cells, the environment and MAGNUS_OUTPUT_FILE", async () => {
      const ran = await run([
        'import os, sys\nprint("to stdout")\nprint("to stderr", file=sys.stderr)',
        { source: "print({'a': 1, 'b': (True, None)})", tags: ["magnus_output"] },
        'os.environ["MAGNUS_PRM_c"] = "[1.0]"\nos.environ["MAGNUS_TRACK_loss_STEP_2"] = "0.5"',
        "from magnus import set_parameter, track_this, get_run_id\nset_parameter(d=get_run_id())\ntrack_this(epoch=1, step=4)",
      ]);
      expect(ran.result.delta).toEqual({ a: 1, b: [true, null], c: [new NumberText("1.0")], d: "run-1" });
      expect(dataOf(ran.events, "metric")).toEqual([
        { metrics: { loss: 0.5 }, step: 2 },
        { metrics: { epoch: 1 }, step: 4 },
      ]);
      expect(ran.stdout).toBe("to stdout\n{'a': 1, 'b': (True, None)}\n");
      // Some kernels have something to say as well.
      expect(ran.stderr).toMatch(/(?:^|\n)to stderr\n$/);
      expect(ran.log).toContain("to stdout");
    });

    it("records a failure's type, message and traceback, and stores the notebook up to there", async () => {
      const ran = await run(
        [
          "print('before')",
          { source: "1 / 0", tags: ["raises-exception"] },
          "raise ValueError('too\\nbad')",
          "print('after')",
        ],
        { notebook: { outputPath: "out/failed.ipynb" } },
      );
      expect(ran.result).toMatchObject({
        status: "failed",
        reason: "exception",
        exitCode: 1,
        message: "train.ipynb, cell 3: ValueError: too bad",
      });
      expect(dataOf(ran.events, "step.finished")[0]?.traceback).toMatch(/ValueError[\s\S]*raise ValueError/);
      expect(ran.stdout).toBe("before\n");
      expect(ran.stderr).toContain("ValueError: too");
      const executed = await stored(ran, "out/failed.ipynb");
      const outputs = executed.cells.map(({ outputs = [] }) => outputs.map((output) => output.output_type));
      expect(outputs.flat()).toEqual(expect.arrayContaining(["stream", "error"]));
      expect(JSON.stringify(executed)).not.toContain("after\\n");
      expect(kindsOf(ran.events).at(-1)).toBe("step.finished");
    });

    it("runs in the working directory, with the project's modules, whatever kernel the notebook names", async () => {
      const ran = await run(["import os, helper\nseen = [helper.twice(4), os.path.basename(os.getcwd())]"], {
        files: { "helper.py": "def twice(x):\n  return 2 * x\n" },
        kernel: "somebody-elses-kernel",
        returns: json("seen"),
      });
      expect(ran.result.delta).toEqual({ seen: [8, ran.services.projectDir.split("/").at(-1)] });
    });

    it("fails where a name in returns was not set, or a tagged cell printed no mapping", async () => {
      const unset = await run(["x = 1"], { returns: json("x", "y") });
      expect(unset.result).toMatchObject({ status: "failed", reason: "missing-output" });
      expect(unset.result.message).toContain('"y"');
      const text = await run([{ source: "print('done')", tags: ["out"] }], { notebook: { outputTag: "out" } });
      expect(text.result).toMatchObject({ status: "failed", exitCode: 1 });
      expect(text.result.message).toContain("done, which is no mapping");
    });

    it("keeps objects for later tasks", async () => {
      const services = newServices();
      const first = await run(["class Model(dict):\n  pass\nmodel = {1, 2}"], {
        services,
        returns: [{ name: "model", kind: "object" }],
      });
      const model = first.result.delta.model ?? null;
      expect(model).toMatchObject({ $object: expect.stringMatching(/^sha256:/) });
      const second = await run(["from magnus import get_object\ntotal = sum(get_object('model'))"], {
        services,
        visible: { model },
        returns: json("total"),
      });
      expect(second.result.delta).toEqual({ total: 3 });
    });

    it("masks secrets in the executed notebook, too", async () => {
      const ran = await run(['import os\nprint("it is", os.environ["TOKEN"])'], {
        secrets: { TOKEN: "very-secret-value" },
        task: { secrets: ["TOKEN"] },
      });
      expect(ran.result.status).toBe("success");
      const text = JSON.stringify(await stored(ran));
      expect(text).toContain("it is");
      expect(text).not.toContain("very-secret-value");
      expect(ran.stdout).not.toContain("very-secret-value");
    });

    it("ends its kernel when it has to stop", async () => {
      const ran = await run(["import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)"], {
        task: { timeoutMs: 12_000 },
      });
      expect(ran.result).toMatchObject({ status: "failed", reason: "timeout" });
      const pid = readFileSync(join(ran.services.projectDir, "pid"), "utf8");
      await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000 }).toBe(false);
    });

    it("sys.exit ends it as it ends a script", async () => {
      const fine = await run(["import sys\nsys.exit(0)", "raise ValueError"]);
      expect(fine.result).toMatchObject({ status: "success" });
      const bad = await run(["import sys\nsys.exit(3)"]);
      expect(bad.result).toMatchObject({ status: "failed", reason: "exit", exitCode: 3 });
      const told = await run(["import sys\nsys.exit('no data for today')"]);
      expect(told.result).toMatchObject({ reason: "exit", exitCode: 1, message: "no data for today" });
    });
  });
}
