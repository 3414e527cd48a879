import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { StepServices } from "../../../../src/runtime/attempt/step-run.ts";
import { dataOf, newServices, type Ran } from "../../attempt/step-harness.ts";
import {
  type ExecutedNotebook,
  executedNotebook,
  type NotebookEngine,
  notebookEngine,
  runNotebook,
} from "../notebooks.ts";
import { answerCases } from "./answer-cases.ts";
import { cellCases } from "./cell-cases.ts";
import { exitCases } from "./exit-cases.ts";
import { kernelCases } from "./kernel-cases.ts";
import type { NotebookCase, Wanted } from "./notebook-case.ts";
import { parameterCases } from "./parameter-cases.ts";

export const notebookCases: readonly NotebookCase[] = [
  ...parameterCases,
  ...cellCases,
  ...exitCases,
  ...answerCases,
  ...kernelCases,
];

/** Every notebook, executed by what this engine's installation has, must come to the same. */
export function testNotebooks(name: NotebookEngine["name"]): void {
  const { bin = "", missing } = notebookEngine(name);
  if (missing !== undefined) process.stderr.write(`not tested: notebooks by ${name}, since ${missing}\n`);
  const withoutBash = missing !== undefined || !hasBash(bin);
  if (withoutBash) process.stderr.write(`not tested: notebooks of bash by ${name}, since there is no bash_kernel\n`);
  describe.skipIf(missing !== undefined)(`by ${name}`, () => {
    for (const one of notebookCases) {
      const isBash = JSON.stringify(one.given?.form ?? {}).includes('"bash"');
      it.skipIf(isBash && withoutBash)(one.about, async () => {
        const ran = await runNotebook(one.cells ?? [], { bin, ...one.given });
        await check(ran, one.want ?? {});
      });
    }
    testStops(bin);
  });
}

/** What waits says so by the file `pid`; then it is stopped. */
const waits = [
  "print('first', flush=True)",
  `import os, time
open('pid.tmp', 'w').write('%d %d' % (os.getpid(), os.getppid()))
os.rename('pid.tmp', 'pid')
try:
  time.sleep(600)
finally:
  print('cleaned up')`,
];

function testStops(bin: string): void {
  const stopped = async (stop: (runner: number) => void, services: Partial<StepServices>) => {
    const own = { ...newServices(), ...services };
    const running = runNotebook(waits, { bin, services: own });
    const file = path.join(own.projectDir, "pid");
    await expect.poll(() => existsSync(file), { timeout: 120_000, interval: 50 }).toBe(true);
    const [kernel = 0, runner = 0] = readFileSync(file, "utf8").split(" ").map(Number);
    stop(runner);
    return { ran: await running, kernel };
  };

  it("that is told to end interrupts its cell, and what was executed is stored", async () => {
    const { ran, kernel } = await stopped((runner) => process.kill(runner, "SIGTERM"), {});
    expect(ran.result).toMatchObject({ status: "failed", exitCode: 143 });
    expect(isAlive(kernel)).toBe(false);
    const executed = await executedNotebook(ran);
    expect(outline(executed)).toEqual(["1 stream", "2 stream error"]);
    expect(JSON.stringify(executed)).toContain("cleaned up");
  });

  it("that is cancelled leaves no kernel", async () => {
    const controller = new AbortController();
    const { ran, kernel } = await stopped(() => controller.abort("SIGINT"), { stop: controller.signal });
    expect(ran.result).toMatchObject({ status: "cancelled" });
    expect(isAlive(kernel)).toBe(false);
  });

  it("that is killed leaves no kernel", async () => {
    const controller = new AbortController();
    const { ran, kernel } = await stopped(() => controller.abort(), { kill: controller.signal });
    expect(ran.result).toMatchObject({ status: "cancelled" });
    await expect.poll(() => isAlive(kernel), { timeout: 20_000, interval: 50 }).toBe(false);
  });
}

/** A process that has ended is there until its parent has asked for its end. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function hasBash(bin: string): boolean {
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const run = (file: string, args: readonly string[]) => spawnSync(file, args, { env, encoding: "utf8" });
  // The kernels are those of the program jupyter's Python.
  const config = `${import.meta.dirname}/has-bash.py`;
  return run("jupyter", ["kernelspec", "list", `--config=${config}`]).stdout?.includes("bash_kernel: True") === true;
}

async function check(ran: Ran, want: Wanted): Promise<void> {
  const { result, stdout, stderr } = ran;
  expect(said(result), stderr).toEqual(
    want.reason === undefined
      ? { status: "success", exitCode: 0 }
      : { status: "failed", exitCode: want.exitCode ?? 1, reason: want.reason },
  );
  expect(result.delta).toEqual(want.delta ?? {});
  expect(dataOf(ran.events, "metric")).toEqual(want.metrics ?? []);
  for (const [text, wanted] of [
    [result.message, want.message],
    [stdout, want.stdout],
    [stderr, want.stderr],
  ] as const) {
    if (typeof wanted === "string") expect(text).toBe(wanted);
    else if (wanted !== undefined) expect(text).toMatch(wanted);
  }
  if (want.executed === "nothing") {
    await expect(executedNotebook(ran)).rejects.toThrow("the catalog has nothing");
    return;
  }
  const executed = await executedNotebook(ran);
  const text = JSON.stringify(executed, null, 1);
  if (want.executed !== undefined) expect(outline(executed)).toEqual(want.executed);
  if (want.holds !== undefined) expect(text).toMatch(want.holds);
  if (want.lacks !== undefined) expect(text).not.toMatch(want.lacks);
}

function said({ status, exitCode, reason }: Ran["result"]) {
  return { status, exitCode, ...(reason === undefined ? {} : { reason }) };
}

function outline({ cells }: ExecutedNotebook): readonly string[] {
  return cells.map(({ cell_type: type, execution_count: count, outputs = [] }) =>
    [...(type === "code" ? [count ?? "-"] : []), ...outputs.map((output) => output.output_type)].join(" "),
  );
}
