import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { bufferedRunLogStore } from "../../src/stores/buffered-run-log.ts";
import { fileSystemRunLogStore } from "../../src/stores/file-system-run-log.ts";
import { openS3RunLog } from "./open-s3.ts";
import { type Place, runLogSuite } from "./run-log-suite.ts";
import { standInSettings } from "./stand-in-settings.ts";

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
