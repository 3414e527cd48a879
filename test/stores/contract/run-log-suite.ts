import { describe, expect, it } from "vitest";
import type { Event } from "../../../src/protocol/event.ts";
import { NumberText } from "../../../src/protocol/json.ts";
import type { RunLogStore } from "../../../src/stores/contract/run-log-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";

/** An empty place for run logs; each `open` is what another process would have. */
export interface Place {
  open(): RunLogStore;
}

/** What every run log store has to do, whatever it is made of. */
export function runLogSuite(name: string, newPlace: () => Place | Promise<Place>): void {
  describe(`a ${name} run log store`, () => {
    it("creates a run once", async () => {
      const place = await newPlace();
      const store = place.open();
      expect(await store.exists("r")).toBe(false);
      expect((await store.create("r"))?.run).toBe("r");
      expect(await store.create("r")).toBeNull();
      expect(await place.open().create("r")).toBeNull();
      expect(await place.open().exists("r")).toBe(true);
      expect(await store.list()).toEqual(["r"]);
    });

    it("lets one of many create a run", async () => {
      const place = await newPlace();
      const created = await Promise.all(Array.from({ length: 8 }, () => place.open().create("r")));
      expect(created.filter((log) => log !== null)).toHaveLength(1);
    });

    it("gives back what was appended, to everybody", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      expect(await log.read()).toEqual([]);
      await log.append([event(1), event(2)]);
      await log.append([event(1, "w2", hard)]);
      await log.append([event(3)]);
      for (const reader of [log, place.open().open("r")]) {
        const events = byId(await reader.read());
        expect(events.map((one) => one.id)).toEqual(["w1-1", "w1-2", "w1-3", "w2-1"]);
        expect(events[3]).toEqual(event(1, "w2", hard));
      }
    });

    it("keeps numbers by their text", async () => {
      const place = await newPlace();
      await place.open().open("r").append([finished()]);
      expect(await place.open().open("r").read()).toEqual([finished()]);
    });

    it("takes events of several writers at once, and nothing", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      await log.append([event(2, "w2"), event(1), event(1, "w2"), event(2)]);
      await log.append([]);
      expect(byId(await log.read()).map((one) => one.id)).toEqual(["w1-1", "w1-2", "w2-1", "w2-2"]);
    });

    it("takes a large event and many small ones", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      await log.append([event(1, "w1", "x".repeat(3_000_000))]);
      await log.append(Array.from({ length: 2_500 }, (_, i) => event(i + 2)));
      expect(await place.open().open("r").read()).toHaveLength(2_501);
    });

    it("leaves doubles out: of one flush, of a repeated one, of one that is cut another way", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      await log.append([event(1), event(2)]);
      await log.append([event(1), event(2)]);
      await place
        .open()
        .open("r")
        .append([event(1)]);
      await place
        .open()
        .open("r")
        .append([event(2), event(3)]);
      expect(byId(await log.read()).map((one) => one.id)).toEqual(["w1-1", "w1-2", "w1-3"]);
    });

    it("keeps runs apart", async () => {
      const store = (await newPlace()).open();
      await store.open("r").append([event(1)]);
      await store.open("r2").append([event(2)]);
      await store.open("r").putIfAbsent("logs/a", "a");
      expect(await store.open("r").read()).toHaveLength(1);
      expect(await store.open("r2").get("logs/a")).toBeNull();
      expect(await store.open("r2").claim("c")).toBe(true);
      expect(await store.open("r").claim("c")).toBe(true);
    });

    it("claims a name once", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      const name = '["a",["b",0]] 1';
      const won = await Promise.all([log, place.open().open("r"), log, log].map((one) => one.claim(name)));
      expect(won.filter((mine) => mine)).toHaveLength(1);
      expect(await place.open().open("r").claim(name)).toBe(false);
      expect(await log.claim('["a",["b",0]] 2')).toBe(true);
      expect(await log.claim("run.created")).toBe(true);
    });

    it("keeps blobs", async () => {
      const place = await newPlace();
      const log = place.open().open("r");
      expect(await log.get("logs/a.log")).toBeNull();
      expect(await log.putIfAbsent("logs/a.log", "first")).toBe(true);
      expect(await log.putIfAbsent("logs/a.log", "second")).toBe(false);
      expect(await log.putIfAbsent("values/b", Buffer.from([0, 255]))).toBe(true);
      const other = place.open().open("r");
      expect(Buffer.from((await other.get("logs/a.log")) ?? "").toString()).toBe("first");
      expect([...((await other.get("values/b")) ?? [])]).toEqual([0, 255]);
      expect(await other.list("logs/")).toEqual(["logs/a.log"]);
      await log.append([event(1)]);
      await log.claim("c");
      expect(await log.list("")).toEqual(["logs/a.log", "values/b"]);
      await other.delete("logs/a.log");
      await other.delete("logs/a.log");
      expect(await log.list("logs/")).toEqual([]);
    });

    it("lists many blobs in order", async () => {
      const log = (await newPlace()).open().open("r");
      const keys = Array.from({ length: 11 }, (_, i) => `values/${String(i).padStart(2, "0")}`);
      await Promise.all([...keys].reverse().map((key) => log.putIfAbsent(key, key)));
      expect(await log.list("values/")).toEqual(keys);
      expect(await log.list("values/0")).toEqual(keys.slice(0, 10));
    });

    it.each(["a b", "run é", "a=b%20c", "a+b&c", "2026-11-25_1", "x".repeat(200)])(
      "takes the run id %j",
      async (run) => {
        const place = await newPlace();
        expect(await place.open().create(run)).not.toBeNull();
        await place
          .open()
          .open(run)
          .append([event(1)]);
        expect(await place.open().list()).toEqual([run]);
        expect(await place.open().exists(run)).toBe(true);
        expect(await place.open().open(run).read()).toHaveLength(1);
      },
    );

    it("lists runs newest first", async () => {
      const store = (await newPlace()).open();
      for (const run of ["b", "c", "a", "d"]) {
        await store.create(run);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      expect(await store.list()).toEqual(["d", "a", "c", "b"]);
    });

    it("knows a run that nobody created but whose creation is recorded", async () => {
      const place = await newPlace();
      await place.open().open("r").append([created()]);
      expect(await place.open().exists("r")).toBe(true);
      expect(await place.open().list()).toEqual(["r"]);
    });

    it("removes a run, and no other", async () => {
      const place = await newPlace();
      const store = place.open();
      for (const run of ["r", "r2"]) {
        const log = await store.create(run);
        await log?.append([event(1)]);
        await log?.claim("c");
        await log?.putIfAbsent("logs/a.log", "text");
      }
      await store.remove("r");
      await store.remove("never there");
      const other = place.open();
      expect(await other.list()).toEqual(["r2"]);
      expect(await other.exists("r")).toBe(false);
      expect(await other.open("r").read()).toEqual([]);
      expect(await other.open("r").list("")).toEqual([]);
      expect(await other.open("r").claim("c")).toBe(true);
      expect(await other.open("r2").read()).toHaveLength(1);
    });

    it("lets many writers and a reader work at a time", async () => {
      const place = await newPlace();
      const writing = Array.from({ length: 8 }, async (_, w) => {
        const log = place.open().open("r");
        for (let i = 1; i <= 12; i++) await log.append([event(i, `w${w}`)]);
      });
      const reader = place.open().open("r");
      let seen = 0;
      for (let i = 0; i < 5; i++) {
        const now = (await reader.read()).length;
        expect(now).toBeGreaterThanOrEqual(seen);
        seen = now;
      }
      await Promise.all(writing);
      expect(await reader.read()).toHaveLength(96);
    });

    it.each(["", "..", "a/b", "a\nb", ".hidden", "\ud800"])("refuses the run id %j", async (run) => {
      const store = (await newPlace()).open();
      expect(() => store.open(run)).toThrow(StoreError);
      await expect(store.create(run)).rejects.toThrow(StoreError);
      expect(await store.exists(run)).toBe(false);
    });

    it.each(["x", "../x/y", "events/x", "claims/x", "logs/../x", "/logs/x"])("refuses the key %j", async (key) => {
      await expect((await newPlace()).open().open("r").putIfAbsent(key, "")).rejects.toThrow(StoreError);
    });
  });
}

const hard = 'line\nbreak "é😀" \u2028 \u0000 \\ {"seq": 1.0}';

/** A warning with an id that its writer and number make. */
export function event(seq: number, writer = "w1", message = `${seq}`): Event {
  return { ...headOf(seq, writer), kind: "warning", path: step, attempt: 1, round: 1, data: { message } };
}

function finished(): Event {
  const data = {
    status: "success",
    durationMs: 1,
    delta: { x: new NumberText("1.0"), y: new NumberText("1e400") },
  } as const;
  return { ...headOf(1, "w1"), kind: "step.finished", path: step, attempt: 1, round: 1, data };
}

/** The first event of a run. */
export function created(): Event {
  const data = { pipeline: "p", digest: "sha256:0", parameters: {}, target: "argo", version: "0.1.0" };
  return { ...headOf(1, "w0"), kind: "run.created", data };
}

const step = [{ node: "a", ok: { to: "x" }, failed: { to: "y" } }];

function headOf(seq: number, writer: string) {
  return { v: 1, id: `${writer}-${seq}`, run: "r", writer, seq, time: "2026-11-25T04:00:00.000Z" } as const;
}

function byId(events: readonly Event[]): readonly Event[] {
  return [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
}
