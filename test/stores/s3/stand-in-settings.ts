import { onTestFinished } from "vitest";
import type { RemoteAccess } from "../../../src/stores/contract/remote-access.ts";
import type { S3Settings } from "../../../src/stores/s3/s3-settings.ts";
import { type S3StandIn, s3StandIn } from "../../support/s3-stand-in.ts";

/** A stand-in for this test, and how a store reaches it. */
export async function standInSettings(prefix = "team/a&b"): Promise<{
  readonly standIn: S3StandIn;
  readonly settings: S3Settings;
  readonly access: RemoteAccess;
}> {
  const standIn = await s3StandIn();
  onTestFinished(() => standIn.close());
  const environment = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  return {
    standIn,
    settings: { bucket: "runs", prefix, endpoint: standIn.endpoint },
    access: { environment, mayMigrate: false, patience: { patienceMs: 5_000, firstPauseMs: 10 }, timeoutMs: 300 },
  };
}
