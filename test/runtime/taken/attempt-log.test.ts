/** The log of an attempt while its command runs, and where the store fails. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { printedText, readLogLines } from "../../../src/run-log/record/log-lines.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { readStoredLog } from "../../../src/run-log/record/stored-log.ts";
import type { StepServices } from "../../../src/runtime/attempt/step-run.ts";
import type { RunLog } from "../../../src/stores/contract/run-log-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import { dataOf, kindsOf, newFolder, newServices, runShell } from "../attempt/step-harness.ts";

const often = { logIntervalMs: 5 };

/** What the last `log.stored` of the run leads to. */
async function storedText(log: RunLog): Promise<string | undefined> {
  const key = dataOf(await readEvents(log), "log.stored").at(-1)?.key;
  const content = key === undefined ? null : await log.get(key);
  return content === null ? undefined : Buffer.from(printedText(readLogLines(content))).toString("utf8");
}

/** A script that prints `first`, waits for the file, and prints `last`. */
function waiting(file: string): string {
  return `echo first; until [ -e ${file} ]; do sleep 0.01; done; echo last`;
}

/** The store's blobs are refused once `isFull` says so. */
function filling(services: Omit<StepServices, "output">, isFull: () => boolean): Omit<StepServices, "output"> {
  const log: RunLog = {
    ...services.log,
    putIfAbsent: async (key, content) => {
      if (isFull()) throw new StoreError("cannot write", "/log", "no space left");
      return services.log.putIfAbsent(key, content);
    },
  };
  return { ...services, log, ...often };
}

describe("the log of a task that runs", () => {
  it("can be read before the task has ended; one blob is left in the end", async () => {
    const services = { ...newServices(), ...often };
    const file = join(newFolder(), "go");
    const running = runShell(waiting(file), { services });
    await vi.waitFor(async () => expect(await storedText(services.log)).toBe("first\n"), { timeout: 5000 });
    expect(kindsOf(await readEvents(services.log))).not.toContain("step.finished");
    writeFileSync(file, "");
    const { result } = await running;
    expect(result.status).toBe("success");
    expect(await storedText(services.log)).toBe("first\nlast\n");
    expect(await services.log.list("logs/")).toHaveLength(1);
  });

  it("is not stored again where nothing was printed since", async () => {
    const services = { ...newServices(), ...often };
    const { events } = await runShell("echo once; sleep 0.2", { services });
    expect(dataOf(events, "log.stored").map(({ bytes }) => bytes)).toEqual([expect.any(Number)]);
  });

  it("grows by what is new, whole lines or not, and no event tells of each part", async () => {
    const services = { ...newServices(), ...often };
    const folder = newFolder();
    const stepByStep = Array.from(
      { length: 6 },
      (_, i) => `printf ${i}; until [ -e ${folder}/${i} ]; do sleep 0.01; done`,
    );
    const running = runShell(stepByStep.join("; "), { services });
    const readSoFar = async (): Promise<string> => {
      const key = dataOf(await readEvents(services.log), "log.stored").at(-1)?.key ?? "";
      const content = await readStoredLog(services.log, key);
      return Buffer.from(printedText(readLogLines(content ?? new Uint8Array()))).toString("utf8");
    };
    for (let i = 0; i < 6; i++) {
      await vi.waitFor(async () => expect(await readSoFar()).toBe("012345".slice(0, i + 1)), { timeout: 5000 });
      writeFileSync(join(folder, `${i}`), "");
    }
    const { log, events } = await running;
    expect(log).toBe("012345");
    expect(dataOf(events, "log.stored")).toHaveLength(2);
    expect(await services.log.list("logs/")).toHaveLength(1);
  });

  it("is stored for a tenth of the time where much is printed", async () => {
    const services = newServices();
    const times: { readonly from: number; readonly until: number }[] = [];
    const slow: RunLog = {
      ...services.log,
      putIfAbsent: async (key, content) => {
        const from = performance.now();
        await new Promise((resolve) => setTimeout(resolve, 20));
        const isNew = await services.log.putIfAbsent(key, content);
        // A part of what was printed is small, and not waited for.
        if (!/\.\d{3}$/.test(key)) times.push({ from, until: performance.now() });
        return isNew;
      },
    };
    const printing = "for i in 1 2 3 4 5 6 7 8; do head -c 400000 /dev/zero | tr '\\0' x; echo; sleep 0.1; done";
    const { result } = await runShell(printing, { services: { ...services, log: slow, ...often } });
    expect(result.status).toBe("success");
    expect(times.length).toBeGreaterThan(1);
    // The last time, at its end, nothing is waited for. A machine that is busy makes pauses longer, never shorter.
    for (const [index, { from, until }] of times.slice(0, -2).entries()) {
      expect((times[index + 1]?.from ?? 0) - until).toBeGreaterThan(8 * (until - from));
    }
  });

  it("masks secrets as ever", async () => {
    const services = { ...newServices({ TOKEN: "correct-horse" }), ...often };
    const file = join(newFolder(), "go");
    const running = runShell(`echo "$TOKEN"; printf correct-; ${waiting(file)}`, {
      task: { secrets: ["TOKEN"] },
      services,
    });
    await vi.waitFor(async () => expect(await storedText(services.log)).toContain("first"), { timeout: 5000 });
    expect(await storedText(services.log)).toMatch(/^\*\*\*\n/);
    writeFileSync(file, "");
    await running;
    expect(await storedText(services.log)).toBe("***\ncorrect-first\nlast\n");
  });
});

describe("a store that is full", () => {
  it("ends the capture; what was stored stays and reads as truncated, the task goes on", async () => {
    let full = false;
    const services = filling(newServices(), () => full);
    const file = join(newFolder(), "go");
    const script = `${waiting(file)}; until [ -e ${file}.2 ]; do sleep 0.01; done; echo over; x=1`;
    const output = (_: string, chunk: Uint8Array): void => {
      const text = Buffer.from(chunk).toString();
      // Printed and captured, but too late to be stored.
      if (text.includes("last")) setTimeout(() => writeFileSync(`${file}.2`, ""), 50);
    };
    const running = runShell(script, {
      task: { returns: [{ name: "x", kind: "json" }] },
      services: { ...services, output },
    });
    await vi.waitFor(async () => expect(await storedText(services.log)).toBe("first\n"), { timeout: 5000 });
    full = true;
    writeFileSync(file, "");
    const { result, events } = await running;
    expect(existsSync(`${file}.2`)).toBe(true);
    expect(result).toMatchObject({ status: "success", delta: { x: 1 } });
    expect(dataOf(events, "log.stored").at(-1)).toMatchObject({ truncated: true });
    expect(await storedText(services.log)).toBe("first\n");
    expect(dataOf(events, "warning")).toEqual([
      { message: "the log ends early: cannot write /log: no space left", log: "cut" },
    ]);
    expect(kindsOf(events).at(-1)).toBe("step.finished");
  });
});
