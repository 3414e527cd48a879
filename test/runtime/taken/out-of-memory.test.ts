import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openOutOfMemory } from "../../../src/runtime/taken/out-of-memory.ts";
import { newFolder } from "../attempt/step-harness.ts";

it("tells once of each kill since it was opened", () => {
  const file = join(newFolder(), "memory.events");
  const write = (kills: number) => writeFileSync(file, `low 0\noom 9\noom_kill ${kills}\noom_group_kill 0\n`);
  write(2);
  const memory = openOutOfMemory(file);
  expect(memory.happened()).toBe(false);
  write(3);
  expect([memory.happened(), memory.happened()]).toEqual([true, false]);
});

it("tells of none where the system has no such file", () => {
  expect(openOutOfMemory(join(newFolder(), "missing")).happened()).toBe(false);
});
