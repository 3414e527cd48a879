import { describe, expect, it } from "vitest";
import { probeCatalog, probeRunLogStore } from "../../src/services/probe-stores.ts";
import type { RunLogStore } from "../../src/stores/contract/run-log-store.ts";
import { bufferedRunLogStore } from "../../src/stores/memory/buffered-run-log.ts";
import { doNothingCatalog } from "../../src/stores/memory/do-nothing-catalog.ts";
import { openS3Catalog, openS3RunLog } from "../stores/s3/open-s3.ts";
import { standInSettings } from "../stores/s3/stand-in-settings.ts";

describe("a probe", () => {
  it("finds nothing wrong with a good store, and leaves no run there", async () => {
    const { standIn, settings, access } = await standInSettings();
    expect(await probeRunLogStore(openS3RunLog(settings, access))).toEqual([]);
    expect(standIn.objects.size).toBe(0);
    expect(await probeCatalog(openS3Catalog(settings, access))).toEqual([]);
    expect(await probeRunLogStore(bufferedRunLogStore())).toEqual([]);
    expect(await probeCatalog(doNothingCatalog())).toEqual([]);
  });

  it("finds a server that ignores conditions", async () => {
    const { standIn, settings, access } = await standInSettings();
    standIn.conditional = false;
    const wrong = await probeRunLogStore(openS3RunLog(settings, access));
    expect(wrong).toHaveLength(3);
    for (const line of wrong) expect(line).toContain("does not honour writes on condition (If-None-Match)");
    expect(standIn.objects.size).toBe(0);
  });

  it("finds a store that gives one claim in twenty to two", async () => {
    const good = bufferedRunLogStore();
    const twice = (name: string): boolean => Number(name.split("-")[1]) % 20 === 7;
    const open: RunLogStore["open"] = (run) => {
      const log = good.open(run);
      return { ...log, claim: async (name) => (await log.claim(name)) || twice(name) };
    };
    const store = {
      ...good,
      open,
      create: async (run: string) => ((await good.create(run)) === null ? null : open(run)),
    };
    expect(await probeRunLogStore(store)).toEqual([
      expect.stringContaining("of 100 races of 8 for one attempt, 5 had not one winner"),
    ]);
  });

  it("gives one line where nothing can be reached", async () => {
    const { settings, access } = await standInSettings();
    const none = { ...settings, bucket: "none" };
    const line = expect.stringMatching(/^cannot \w+ (to )?the bucket none at .*; create none or name another$/);
    expect(await probeRunLogStore(openS3RunLog(none, access))).toEqual([line]);
    expect(await probeCatalog(openS3Catalog(none, access))).toEqual([line]);
  });
});
