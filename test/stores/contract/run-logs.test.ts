import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { fileSystemRunLogStore } from "../../../src/stores/folder/run-log.ts";
import { bufferedRunLogStore } from "../../../src/stores/memory/buffered-run-log.ts";
import { openS3RunLog } from "../s3/open-s3.ts";
import { standInSettings } from "../s3/stand-in-settings.ts";
import { type Place, runLogSuite } from "./run-log-suite.ts";

runLogSuite("file-system", (): Place => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "magnus-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { open: () => fileSystemRunLogStore(join(folder, "not", "there", "yet")) };
});

runLogSuite("buffered", (): Place => {
  const store = bufferedRunLogStore();
  return { open: () => store };
});

runLogSuite("s3 (stand-in)", async (): Promise<Place> => {
  const { settings, access } = await standInSettings();
  return { open: () => openS3RunLog(settings, access) };
});
