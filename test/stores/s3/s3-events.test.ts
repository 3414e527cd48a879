import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import type { Fault, S3StandIn } from "../../support/s3-stand-in.ts";
import { event } from "../contract/run-log-suite.ts";
import { openS3RunLog } from "./open-s3.ts";
import { standInSettings } from "./stand-in-settings.ts";

/** What the processes of steps do, one after the other: read what there is, then record `flushes` times. */
async function chain(steps: number, flushes = 3) {
  const { standIn, settings, access } = await standInSettings("");
  standIn.page = 1_000;
  const open = () => openS3RunLog(settings, access).open("r");
  const gets: number[] = [];
  for (let step = 0; step < steps; step++) {
    const log = open();
    standIn.requests.length = 0;
    expect(await log.read()).toHaveLength(step * flushes);
    gets.push(standIn.requests.filter(({ method, query }) => method === "GET" && !query.has("list-type")).length);
    for (let i = 1; i <= flushes; i++) await log.append([event(i, `w${String(step).padStart(4, "0")}`)]);
  }
  return { standIn, open, gets, events: steps * flushes };
}

const eventKeys = ({ objects }: S3StandIn) => [...objects.keys()].filter((key) => key.startsWith("runs/r/events/"));
const joinedKeys = (standIn: S3StandIn) => eventKeys(standIn).filter((key) => key.includes("/joined="));

describe("the events of a long run in a bucket", () => {
  it("take about as many requests to read late in the run as early", async () => {
    const { gets, standIn, events } = await chain(200);
    // Without joining, the last one gets 597 objects, and all together 59,700.
    expect(Math.max(...gets)).toBeLessThan(60);
    expect(gets.reduce((sum, each) => sum + each, 0)).toBeLessThan(200 * 40);
    expect(joinedKeys(standIn).length).toBeLessThan(events / 10);
    expect(eventKeys(standIn).length - joinedKeys(standIn).length).toBe(events);
  });

  it("are a run log in a folder to which any tool copied them", async () => {
    const { standIn, open, events } = await chain(60);
    const root = mkdtempSync(path.join(tmpdir(), "magnus-test-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    for (const [key, { body }] of standIn.objects) {
      const file = path.join(root, key);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, body);
    }
    const copied = await fileSystemRunLogStore(path.join(root, "runs")).open("r").read();
    expect(copied).toHaveLength(events);
    expect(new Set(copied.map(({ id }) => id))).toEqual(new Set((await open().read()).map(({ id }) => id)));
  });

  it("are all read, whatever became of what was joined: gone, cut off, replaced", async () => {
    const { standIn, open, events } = await chain(120);
    const joined = joinedKeys(standIn);
    expect(joined.length).toBeGreaterThan(12);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("gone", "cut", "other", "kept"), {
          minLength: joined.length,
          maxLength: joined.length,
        }),
        async (fates) => {
          const before = new Map(standIn.objects);
          joined.forEach((key, i) => {
            const body = before.get(key)?.body ?? Buffer.alloc(0);
            const changed = fates[i] === "cut" ? body.subarray(0, body.length / 2) : Buffer.from('{"joined":["x"]}\n');
            if (fates[i] === "gone") standIn.objects.delete(key);
            else if (fates[i] !== "kept") standIn.objects.set(key, { body: changed, modified: new Date(0) });
          });
          expect(await open().read()).toHaveLength(events);
          standIn.objects.clear();
          for (const [key, object] of before) standIn.objects.set(key, object);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("are all read by each of many at a time, whatever goes wrong with requests", async () => {
    const faults: readonly (Fault | undefined)[] = ["busy", "conflict", "dropped", "unanswered", "torn", undefined];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...faults), { minLength: 40, maxLength: 40 }), async (ahead) => {
        const { standIn, settings, access } = await standInSettings("");
        const open = () => openS3RunLog(settings, access).open("r");
        let asked = 0;
        standIn.fault = () => (asked++ % 5 === 0 ? ahead[((asked / 5) % ahead.length) | 0] : undefined);
        let written = 0;
        const writer = async (name: string): Promise<void> => {
          const log = open();
          for (let i = 1; i <= 20; i++) {
            await log.append([event(i, name)]);
            written++;
          }
        };
        const reader = async (): Promise<void> => {
          for (let i = 0; i < 4; i++) {
            const atLeast = written;
            const ids = (await open().read()).map(({ id }) => id);
            expect(ids.length).toBeGreaterThanOrEqual(atLeast);
            expect(new Set(ids).size).toBe(ids.length);
          }
        };
        await Promise.all([...["a", "b", "c", "d"].map(writer), ...[1, 2, 3].map(reader)]);
        expect(await open().read()).toHaveLength(80);
      }),
      { numRuns: 6 },
    );
  });

  it("are joined once by readers that come at the same time", async () => {
    const { standIn, settings, access } = await standInSettings("");
    const open = () => openS3RunLog(settings, access).open("r");
    const log = open();
    for (let i = 1; i <= 40; i++) await log.append([event(i)]);
    await Promise.all(Array.from({ length: 10 }, () => open().read()));
    expect(joinedKeys(standIn)).toHaveLength(2);
  });

  it("are read without joining by whoever may not write", async () => {
    const { standIn, open, events } = await chain(20);
    for (const key of joinedKeys(standIn)) standIn.objects.delete(key);
    standIn.fault = ({ method }) => (method === "PUT" ? "busy" : undefined);
    expect(await open().read()).toHaveLength(events);
    expect(joinedKeys(standIn)).toEqual([]);
  });
});
