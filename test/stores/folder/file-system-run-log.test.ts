import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Event } from "../../../src/protocol/event.ts";
import { NumberText } from "../../../src/protocol/json.ts";
import { parseEvents, printEvents } from "../../../src/stores/contract/event-lines.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "magnus-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function event(seq: number, writer = "w1", message = `${seq}`): Event {
  const ends = { ok: { to: "x" }, failed: { to: "y" } } as const;
  const head = { v: 1, id: `${writer}-${seq}`, run: "r", writer, seq, time: "2026-11-25T04:00:00.000Z" } as const;
  return { ...head, kind: "warning", path: [{ node: "a", ...ends }], attempt: 1, round: 1, data: { message } };
}

describe("fileSystemRunLogStore", () => {
  it("writes one file a writer, numbers by their text", async () => {
    const root = newFolder();
    const log = fileSystemRunLogStore(root).open("r");
    const { id, run, writer, time } = event(1);
    const path = [{ node: "a", ok: { to: "x" }, failed: { to: "y" } }];
    const head = { v: 1, id, run, writer, time, seq: 1, path, attempt: 1, round: 1 } as const;
    const data = { status: "success", durationMs: 1, delta: { x: new NumberText("1.0") } } as const;
    const finished: Event = { ...head, kind: "step.finished", data };
    await log.append([finished, event(1, "w2")]);
    expect(readdirSync(join(root, "r", "events"))).toEqual(["w1.ndjson", "w2.ndjson"]);
    expect(readFileSync(join(root, "r", "events", "w1.ndjson"), "utf8")).toMatch(
      /"delta":\{"x":1\.0\}\},"crc":"[0-9a-f]{8}"\}\n$/,
    );
    expect((await log.read())[0]).toEqual(finished);
  });

  it("leaves out what is damaged, and says where", async () => {
    const root = newFolder();
    const log = fileSystemRunLogStore(root).open("r");
    await log.append([event(1)]);
    const file = join(root, "r", "events", "w1.ndjson");
    const [first, second, third] = [1, 2, 3].map((seq) => printEvents([event(seq)]));
    expect(readFileSync(file, "utf8")).toBe(first);
    const changed = third?.replace('"w1-3"', '"w1-4"');
    const later = printEvents([{ ...event(5), v: 2 as 1 }]);
    appendFileSync(file, `${first?.slice(0, 40)}\n${second}{"v":1}\n[]\n\n${changed}${later}${third?.trimEnd()}`);
    const told: string[] = [];
    const events = await log.read((place, { line, problem }) => told.push(`${place}:${line} ${problem}`));
    expect(events.map((one) => one.id)).toEqual(["w1-1", "w1-2", "w1-5"]);
    expect(told.sort()).toEqual([
      "events/w1.ndjson:2 no-event",
      "events/w1.ndjson:4 no-event",
      "events/w1.ndjson:5 no-event",
      "events/w1.ndjson:7 changed",
      "events/w1.ndjson:8 later-version",
      "events/w1.ndjson:9 torn",
    ]);
  });

  it("reads lines without a checksum, as earlier versions wrote them, but not among others of their writer", () => {
    const plain = (seq: number, writer: string): string => `${JSON.stringify(event(seq, writer))}\n`;
    expect(parseEvents(Buffer.from(plain(1, "w3") + plain(2, "w3"))).map((one) => one.id)).toEqual(["w3-1", "w3-2"]);
    const mixed = Buffer.from(printEvents([event(1)]) + plain(2, "w1") + plain(1, "w3"));
    expect(parseEvents(mixed).map((one) => one.id)).toEqual(["w1-1", "w3-1"]);
  });

  it("reads several roots and writes to the first", async () => {
    const [root, other] = [newFolder(), newFolder()];
    await fileSystemRunLogStore(other)
      .open("r")
      .append([event(1, "w2")]);
    await fileSystemRunLogStore(other).open("r").putIfAbsent("logs/x.log", "from other");
    const store = fileSystemRunLogStore(root, [other, join(other, "missing")]);
    const log = store.open("r");
    await log.append([event(1)]);
    expect((await log.read()).map((one) => one.id).sort()).toEqual(["w1-1", "w2-1"]);
    expect(Buffer.from((await log.get("logs/x.log")) ?? "").toString()).toBe("from other");
    expect(await log.list("logs/")).toEqual(["logs/x.log"]);
    expect(await store.exists("r")).toBe(true);
    expect(readdirSync(join(other, "r", "events"))).toEqual(["w2.ndjson"]);
  });

  it("lists runs newest first", async () => {
    const store = fileSystemRunLogStore(newFolder());
    for (const run of ["b", "c", "a"]) {
      await store.create(run);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    expect(await store.list()).toEqual(["a", "c", "b"]);
    expect(await fileSystemRunLogStore(join(newFolder(), "none")).list()).toEqual([]);
  });

  it.each(["", ".", "..", "a/b", "../x", "a\\b", "a\nb", ".hidden", "x".repeat(300), "\ud800"])(
    "refuses the run id %j",
    async (run) => {
      const store = fileSystemRunLogStore(newFolder());
      await expect(store.create(run)).rejects.toThrow(StoreError);
      expect(() => store.open(run)).toThrow(StoreError);
      expect(await store.exists(run)).toBe(false);
    },
  );

  it.each(["a b", "run é", "2026-11-25_1"])("takes the run id %j", async (run) => {
    expect(await fileSystemRunLogStore(newFolder()).create(run)).not.toBeNull();
  });

  it.each(["x", "../x/y", "events/x", "claims/x", "logs/../x", "logs/.tmp", "/logs/x"])(
    "refuses the key %j",
    async (key) => {
      await expect(fileSystemRunLogStore(newFolder()).open("r").putIfAbsent(key, "")).rejects.toThrow(StoreError);
    },
  );

  it("says which path cannot be written, and why", async () => {
    const file = join(newFolder(), "file");
    writeFileSync(file, "");
    const log = fileSystemRunLogStore(file).open("r");
    const failures = [log.append([event(1)]), log.claim("x"), log.putIfAbsent("logs/a", "")];
    for (const failure of failures) {
      await expect(failure).rejects.toThrow(/^cannot write .*\/file\/r.*: (ENOTDIR|EEXIST)/);
      await failure.catch((error) => expect(error).toBeInstanceOf(StoreError));
    }
    await expect(fileSystemRunLogStore(file).create("r")).rejects.toThrow(StoreError);
  });

  it("names that are no file names do not meet", async () => {
    const root = newFolder();
    const log = fileSystemRunLogStore(root).open("r");
    for (const name of ["a/b", "a b", "..", "é", "x".repeat(500), "A", "a"]) expect(await log.claim(name)).toBe(true);
    for (const name of readdirSync(join(root, "r", "claims"))) expect(name).toMatch(/^[\w.=-]+$/);
  });

  it("takes more claims than a file may have links", async () => {
    const log = fileSystemRunLogStore(newFolder()).open("r");
    let taken = 0;
    for (let i = 0; i < 66_000; i++) if (await log.claim(`n${i}`)) taken++;
    expect(taken).toBe(66_000);
    expect(await log.claim("n65999")).toBe(false);
  });

  it("lets many writers and a reader work at a time", async () => {
    const root = newFolder();
    mkdirSync(root, { recursive: true });
    const writing = Array.from({ length: 8 }, async (_, w) => {
      const log = fileSystemRunLogStore(root).open("r");
      for (let i = 1; i <= 50; i++) await log.append([event(i, `w${w}`)]);
    });
    const reader = fileSystemRunLogStore(root).open("r");
    let seen = 0;
    for (let i = 0; i < 20; i++) {
      const now = (await reader.read()).length;
      expect(now).toBeGreaterThanOrEqual(seen);
      seen = now;
    }
    await Promise.all(writing);
    expect(await reader.read()).toHaveLength(400);
  });
});
