import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { expect, test } from "vitest";
import { readEvents } from "../../src/run-log/record/read-events.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";
import { run } from "../support/programs.ts";

test("64 processes write 10,000 events to one run: none lost, none torn", async () => {
  const work = mkdtempSync(path.join(tmpdir(), "magnus-writers-"));
  const program = path.join(work, "writer.mjs");
  buildSync({
    entryPoints: [path.join(import.meta.dirname, "writer-process.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  const store = fileSystemRunLogStore(path.join(work, "runs"));
  const log = await store.create("one");
  if (log === null) throw new Error("the run exists");
  const counts = Array.from({ length: 64 }, (_, i) => (i < 16 ? 157 : 156));
  const ended = await Promise.all(
    counts.map((count) => run(process.execPath, [program, path.join(work, "runs"), "one", `${count}`], { cwd: work })),
  );
  expect(ended.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(counts.map(() => "0"));
  const events = await readEvents(log);
  expect(events.length).toBe(10_000);
  expect(new Set(events.map(({ id }) => id)).size).toBe(10_000);
  // Whole: every message says how long it is.
  for (const event of events) {
    if (event.kind !== "warning") throw new Error(`an event that nobody wrote: ${event.kind}`);
    const [, i = "", filler = ""] = event.data.message.split(" ");
    expect(filler.length).toBe(Number(i) % 300);
  }
  rmSync(work, { recursive: true });
});
