/**
 * A loss of power, on a file system that keeps only what was synced: every `fsync` is recorded with what it made sure of, and
 * the folder is made again from the record alone. (A directory's entries and a file's bytes are synced apart, as POSIX has it.)
 */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openServices } from "../../../src/services/open-services.ts";
import { bufferedRunLogStore } from "../../../src/stores/memory/buffered-run-log.ts";
import { newFolder } from "../contract/catalog-suite.ts";
import { event } from "../contract/run-log-suite.ts";

const synced = vi.hoisted(() => ({
  entries: new Map<string, readonly string[]>(),
  contents: new Map<string, Buffer>(),
}));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    fsyncSync: (descriptor: number) => {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`);
      if (statSync(file).isDirectory()) synced.entries.set(file, readdirSync(file));
      else synced.contents.set(file, readFileSync(file));
      fs.fsyncSync(descriptor);
    },
  };
});

beforeEach(() => {
  synced.entries.clear();
  synced.contents.clear();
});

/** What is left of a folder. */
function afterPowerLoss(folder: string): string {
  const left = newFolder();
  const restore = (from: string, to: string): void => {
    for (const name of synced.entries.get(from) ?? []) {
      const file = path.join(from, name);
      const content = synced.contents.get(file);
      if (synced.entries.has(file)) {
        mkdirSync(path.join(to, name));
        restore(file, path.join(to, name));
      } else if (content !== undefined) writeFileSync(path.join(to, name), content);
    }
  };
  restore(folder, left);
  return left;
}

function storesIn(folder: string, durable: boolean) {
  const services = {
    run_log_store: { type: "file-system", log_folder: "runs", durable },
    catalog: { type: "file-system", catalog_location: "catalog", durable },
  };
  return openServices(services, {}, folder, {});
}

describe.runIf(process.platform === "linux")("durable: true (what is synced is known from /proc, so on Linux)", () => {
  it("has on the disk what was recorded, once it says so", async () => {
    const folder = newFolder();
    const { runLogStore, catalog } = storesIn(folder, true);
    const log = (await runLogStore.create("r")) ?? bufferedRunLogStore().open("r");
    const recorded: string[] = [];
    for (const [seq, writer] of [
      [1, "w1"],
      [2, "w1"],
      [1, "w2"],
      [3, "w1"],
    ] as const) {
      await log.append([event(seq, writer)]);
      recorded.push(event(seq, writer).id);
      const left = storesIn(afterPowerLoss(folder), false).runLogStore.open("r");
      expect((await left.read()).map(({ id }) => id).sort()).toEqual([...recorded].sort());
    }
    await log.putIfAbsent("logs/one.log", "what was printed");
    const file = path.join(newFolder(), "model");
    writeFileSync(file, "weights");
    const { digest } = await catalog.putFile(file);
    const left = storesIn(afterPowerLoss(folder), false);
    expect(Buffer.from((await left.runLogStore.open("r").get("logs/one.log")) ?? "").toString()).toBe(
      "what was printed",
    );
    const got = path.join(newFolder(), "model");
    await left.catalog.getFile(digest, got, { executable: false });
    expect(readFileSync(got, "utf8")).toBe("weights");
  });

  it("is what makes the difference", async () => {
    const folder = newFolder();
    const { runLogStore } = storesIn(folder, false);
    await runLogStore.open("r").append([event(1, "w1")]);
    expect(await storesIn(afterPowerLoss(folder), false).runLogStore.open("r").read()).toEqual([]);
  });

  it("is true or false", () => {
    expect(() => openServices({ run_log_store: { type: "file-system", durable: "yes" } }, {}, newFolder(), {})).toThrow(
      'run_log_store: durable must be true or false; it is "yes"',
    );
  });
});
