import { expect, it } from "vitest";
import { copyRun } from "../../src/services/copy-run.ts";
import { StoreError } from "../../src/stores/contract/store-error.ts";
import { bufferedRunLogStore } from "../../src/stores/memory/buffered-run-log.ts";
import { created, event } from "../stores/contract/run-log-suite.ts";
import { openS3RunLog } from "../stores/s3/open-s3.ts";
import { standInSettings } from "../stores/s3/stand-in-settings.ts";

async function filled() {
  const log = bufferedRunLogStore().open("r");
  await log.append([created(), event(1), event(2, "w2"), event(1, "w2")]);
  for (let i = 0; i < 9; i++) await log.putIfAbsent(`values/${i}`, `${i}`);
  await log.putIfAbsent("logs/a.log", "text");
  return log;
}

it("copies a run, and only what is missing", async () => {
  const [from, { settings, access }] = [await filled(), await standInSettings()];
  const store = openS3RunLog(settings, access);
  expect((await copyRun(from, store)).added).toBe(4);
  expect((await copyRun(from, store)).added).toBe(0);
  await from.append([event(3)]);
  expect((await copyRun(from, store)).added).toBe(1);
  const copy = openS3RunLog(settings, access).open("r");
  expect(new Set((await copy.read()).map(({ id }) => id))).toEqual(new Set((await from.read()).map(({ id }) => id)));
  expect(await copy.list("")).toEqual(await from.list(""));
  expect(Buffer.from((await copy.get("values/7")) ?? "").toString()).toBe("7");
  expect(await store.list()).toEqual(["r"]);
});

it("is completed after it broke at any request", async () => {
  const from = await filled();
  for (let broken = 1; broken < 40; broken += 3) {
    const { standIn, settings, access } = await standInSettings();
    const store = openS3RunLog(settings, { ...access, patience: { patienceMs: 1, firstPauseMs: 1 } });
    let requests = 0;
    standIn.fault = () => (++requests >= broken ? "unanswered" : undefined);
    await copyRun(from, store).catch((error) => expect(error).toBeInstanceOf(StoreError));
    const ids = new Set(standIn.objects.keys());
    // What an event may name is there before it.
    if ([...ids].some((key) => key.includes("/events/"))) expect(listed(standIn.objects, "/values/")).toBe(9);
    standIn.fault = () => undefined;
    await copyRun(from, store);
    expect(await openS3RunLog(settings, access).open("r").read()).toHaveLength(4);
    expect(listed(standIn.objects, "/values/")).toBe(9);
  }
});

function listed(objects: ReadonlyMap<string, unknown>, part: string): number {
  return [...objects.keys()].filter((key) => key.includes(part)).length;
}
