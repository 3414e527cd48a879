import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type AwsStandIn, awsStandIn } from "../../support/aws-stand-in.ts";
import { event } from "../contract/run-log-suite.ts";
import { openS3RunLog } from "./open-s3.ts";
import { standInSettings } from "./stand-in-settings.ts";

/** A bucket whose keys a container's endpoint gives. */
async function fetching() {
  const aws: AwsStandIn = await awsStandIn();
  vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${aws.url}/container`);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await aws.close();
  });
  const { standIn, settings, access } = await standInSettings();
  const store = openS3RunLog(settings, { ...access, environment: {}, timeoutMs: 2_000 });
  return { aws, bucket: standIn, store, log: store.open("r") };
}

const minute = 60_000;

describe("temporary keys of a bucket", () => {
  it("are fetched once for as long as they hold, however much happens at a time", async () => {
    const { aws, bucket, log } = await fetching();
    bucket.session = "session-1";
    await Promise.all(Array.from({ length: 8 }, (_, i) => log.append([event(1, `w${i}`)])));
    expect(await log.read()).toHaveLength(8);
    expect(aws.requests).toHaveLength(1);
  });

  it("are fetched anew before they end", async () => {
    const { aws, bucket, log } = await fetching();
    aws.holdsMs = 2 * minute;
    await log.append([event(1)]);
    aws.holdsMs = 60 * minute;
    bucket.session = "session-2";
    await log.append([event(2)]);
    await log.append([event(3)]);
    expect(aws.requests).toHaveLength(2);
  });

  it("are fetched anew where the server says that they ended, whatever was asked", async () => {
    const { aws, bucket, log, store } = await fetching();
    await log.append([event(1)]);
    bucket.session = "session-2";
    await log.append([event(2)]);
    bucket.session = "session-3";
    expect(await store.exists("never")).toBe(false);
    expect(aws.requests).toHaveLength(3);
    // Whatever is fetched, it is refused: said, and not tried for ever.
    bucket.session = "another";
    await expect(log.append([event(3)])).rejects.toThrow(/ExpiredToken.*`magnus doctor` says where/);
    expect(aws.requests).toHaveLength(4);
  });

  it("serve until their end where others cannot be had", async () => {
    const { aws, log } = await fetching();
    aws.holdsMs = 2 * minute;
    await log.append([event(1)]);
    aws.refuse = { status: 403, code: "Denied", message: "not now" };
    await log.append([event(2)]);
    aws.refuse = undefined;
    expect(await log.read()).toHaveLength(2);
  });

  it("are asked for again for a while where they had ended and nobody gave others", async () => {
    const { aws, log } = await fetching();
    aws.holdsMs = 1;
    await log.append([event(1)]);
    aws.refuse = { status: 403, code: "Denied", message: "not now" };
    setTimeout(() => (aws.refuse = undefined), 50);
    await log.append([event(2)]);
    expect(await log.read()).toHaveLength(2);
  });
});
