import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../protocol/event.ts";
import { CatalogError } from "../stores/contract/catalog-error.ts";
import type { CatalogStore } from "../stores/contract/catalog-store.ts";
import type { RunLogStore } from "../stores/contract/run-log-store.ts";
import { StoreError } from "../stores/contract/store-error.ts";
import { inParallel } from "../system/limit.ts";

/**
 * Does once all that runs will ask of the store, with a run of its own that is removed again. Gives what is wrong, a line
 * each; nothing: it can be relied on.
 */
export function probeRunLogStore(store: RunLogStore): Promise<readonly string[]> {
  const run = `magnus-doctor-${randomUUID()}`;
  return told(async () => {
    const wrong: string[] = [];
    const expect = (holds: boolean, otherwise: string): void => void (holds || wrong.push(otherwise));
    const log = await store.create(run);
    if (log === null) return [`the store says that the run ${run} exists, whose name is new`];
    try {
      expect((await store.create(run)) === null, `one run can be created twice: ${notExclusive}`);
      await log.append([probe(run)]);
      await log.append([probe(run)]);
      expect((await store.open(run).read()).length === 1, "an event that was written twice is not read once");
      const lost = await lostRaces(store, run);
      expect(
        lost === 0,
        `of ${races} races of ${claimants} for one attempt, ${lost} had not one winner: ${notExclusive}`,
      );
      await log.putIfAbsent("values/probe", "first");
      await log.putIfAbsent("values/probe", "second");
      const kept = Buffer.from((await store.open(run).get("values/probe")) ?? "").toString();
      expect(kept === "first", `a stored value can be replaced: ${notExclusive}`);
      expect((await log.list("values/")).join() === "values/probe", "a stored value is not listed");
      expect((await store.list()).includes(run), "a new run is not listed");
    } finally {
      await store.remove(run);
    }
    expect(!(await store.exists(run)), "a run that was removed is still there");
    return wrong;
  });
}

/** A store that loses one race in twenty is found with so many in 99 of 100 calls. */
const races = 100;
const racesAtATime = 25;
const claimants = 8;

/** How many races of several claimants, each as a process of its own would have the store, did not have exactly one winner. */
async function lostRaces(store: RunLogStore, run: string): Promise<number> {
  let lost = 0;
  await inParallel(
    racesAtATime,
    Array.from({ length: races }, (_, race) => race),
    async (race) => {
      const logs = Array.from({ length: claimants }, () => store.open(run));
      const claims = await Promise.all(logs.map((log) => log.claim(`probe-${race}`)));
      if (claims.filter((mine) => mine).length !== 1) lost++;
    },
  );
  return lost;
}

const notExclusive =
  "the store does not honour writes on condition (If-None-Match), and runs would overwrite each other";

/** Puts a small file, always the same, and gets it back. */
export function probeCatalog(catalog: CatalogStore): Promise<readonly string[]> {
  if (!catalog.keeps) return Promise.resolve([]);
  return told(async () => {
    const folder = mkdtempSync(join(tmpdir(), "magnus-doctor-"));
    try {
      writeFileSync(join(folder, "put"), content);
      const { digest } = await catalog.putFile(join(folder, "put"));
      await catalog.getFile(digest, join(folder, "got"), { executable: false });
      return readFileSync(join(folder, "got"), "utf8") === content ? [] : ["a file does not come back as it was put"];
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

const content = "magnus doctor was here\n";

function probe(run: string): Event {
  const path = [
    { node: "probe", ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } },
  ] as const;
  const head = { v: 1, id: "019ac000-0000-7000-8000-000000000000", run, writer: "doctor", seq: 1 } as const;
  const time = new Date(0).toISOString();
  return { ...head, time, kind: "warning", path, attempt: 1, round: 1, data: { message: "probe" } };
}

async function told(work: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError || error instanceof CatalogError) return [error.message];
    throw error;
  }
}
