import { describe, expect, it } from "vitest";
import type { Event, EventBody } from "../../../src/protocol/event.ts";
import { NumberText } from "../../../src/protocol/json.ts";
import { readEvents } from "../../../src/run-log/record/read-events.ts";
import { openEventWriter } from "../../../src/run-log/record/write-events.ts";
import type { RunLog } from "../../../src/stores/contract/run-log-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { bufferedRunLogStore } from "../../../src/stores/memory/buffered-run-log.ts";
import { uuidV7 } from "../../../src/system/uuid-v7.ts";
import { leafPath, newFolder } from "../../runtime/attempt/step-harness.ts";

const warning = (message: string): EventBody => ({
  kind: "warning",
  path: leafPath,
  attempt: 1,
  round: 1,
  data: { message },
});
const messages = (events: readonly Event[]) =>
  events.map((event) => (event.kind === "warning" ? event.data.message : ""));

describe("openEventWriter", () => {
  it("counts from 1 and keeps the order of concurrent writes", async () => {
    const log = bufferedRunLogStore().open("r");
    const writer = openEventWriter(log);
    await Promise.all(Array.from({ length: 50 }, (_, i) => writer.write(warning(`${i}a`), warning(`${i}b`))));
    const events = await readEvents(log);
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(messages(events)).toEqual(Array.from({ length: 50 }, (_, i) => [`${i}a`, `${i}b`]).flat());
    expect([...events].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(events);
  });

  it("appends what waits as one batch", async () => {
    const log = bufferedRunLogStore().open("r");
    const batches: number[] = [];
    const counting: RunLog = {
      ...log,
      append: async (events) => {
        batches.push(events.length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await log.append(events);
      },
    };
    const writer = openEventWriter(counting);
    const first = writer.write(warning("1"));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([first, writer.write(warning("2")), writer.write(warning("3"))]);
    expect(batches.reduce((sum, size) => sum + size)).toBe(3);
    expect(batches).toHaveLength(2);
  });

  it("rejects where the log does, and goes on with what comes after", async () => {
    const log = bufferedRunLogStore().open("r");
    let broken = true;
    const flaky: RunLog = {
      ...log,
      append: (events) => (broken ? Promise.reject(new StoreError("cannot write", "/x", "full")) : log.append(events)),
    };
    const writer = openEventWriter(flaky);
    await expect(writer.write(warning("lost"))).rejects.toThrow("cannot write /x: full");
    broken = false;
    await writer.write(warning("kept"));
    expect(messages(await readEvents(log))).toEqual(["kept"]);
  });

  it("moves values over 32 KiB to blobs, once each, and readEvents puts them back", async () => {
    const log = fileSystemRunLogStore(newFolder()).open("r");
    const writer = openEventWriter(log);
    const long = "é".repeat(20_000);
    const list = Array.from({ length: 20_000 }, (_, i) => new NumberText(`${i}.0`));
    const delta = { long, same: long, list, small: new NumberText("1.0") };
    const finished = { status: "success", durationMs: 1, delta } as const;
    const parameters = { long, short: "x" };
    await writer.write(
      { kind: "run.created", data: { pipeline: "p", digest: "d", parameters, target: "local", version: "1" } },
      { kind: "step.finished", path: leafPath, attempt: 1, round: 1, data: finished },
    );
    const raw = await log.read();
    expect(raw.map((event) => ("refs" in event.data ? Object.keys(event.data.refs ?? {}) : []))).toEqual([
      ["long"],
      ["long", "same", "list"],
    ]);
    expect(JSON.stringify(raw)).not.toContain("éé");
    expect(await log.list("values/")).toHaveLength(2);
    const [created, done] = await readEvents(log);
    expect(created).toMatchObject({ data: { parameters } });
    expect(done?.data).toEqual(finished);
  });

  it("a value whose blob is missing, or another, is a StoreError that names the parameter", async () => {
    const log = bufferedRunLogStore().open("r");
    const data = { status: "success", durationMs: 1, delta: { long: "x".repeat(40_000) } } as const;
    await openEventWriter(log).write({ kind: "step.finished", path: leafPath, attempt: 1, round: 1, data });
    const [key = ""] = await log.list("values/");
    await log.delete(key);
    await expect(readEvents(log)).rejects.toThrow('the value of "long" is missing');
    await log.putIfAbsent(key, '"y"');
    await expect(readEvents(log)).rejects.toThrow('the value of "long" is not what was stored');
  });
});

describe("uuidV7", () => {
  it("is of version 7, new each time, in order", () => {
    const ids = Array.from({ length: 20_000 }, () => uuidV7());
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(Math.abs(Number.parseInt((ids[0] ?? "").replace("-", "").slice(0, 12), 16) - Date.now())).toBeLessThan(
      60_000,
    );
  });
});
