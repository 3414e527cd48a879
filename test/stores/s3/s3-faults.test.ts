import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../../src/stores/contract/store-error.ts";
import type { Fault } from "../../support/s3-stand-in.ts";
import { event } from "../contract/run-log-suite.ts";
import { openS3RunLog } from "./open-s3.ts";
import { standInSettings } from "./stand-in-settings.ts";

const faults: readonly (Fault | undefined)[] = [
  ...(["busy", "conflict", "dropped", "unanswered", "torn"] as const),
  ...[undefined, undefined, undefined, undefined],
];

describe("an S3 run log under faults", () => {
  it("250 flushes whatever goes wrong with each request: none lost, none doubled", async () => {
    const { standIn, settings, access } = await standInSettings();
    const log = openS3RunLog(settings, access).open("r");
    let seq = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...faults), { maxLength: 5 }), async (ahead) => {
        const queue = [...ahead];
        standIn.fault = () => queue.shift();
        await log.append([event(++seq), event(++seq)]);
      }),
      { numRuns: 250 },
    );
    standIn.fault = () => undefined;
    const ids = (await openS3RunLog(settings, access).open("r").read()).map(({ id }) => id);
    expect(ids.length).toBe(seq);
    expect(new Set(ids).size).toBe(seq);
    expect([...standIn.objects.keys()].filter((key) => key.includes("/events/w1."))).toHaveLength(seq / 2);
  });

  it("200 claims by three at a time, answers lost: one has each", async () => {
    const { standIn, settings, access } = await standInSettings();
    let claims = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...faults), { maxLength: 8 }), async (ahead) => {
        const queue = [...ahead];
        standIn.fault = () => queue.shift();
        const name = `c${++claims}`;
        const won = await Promise.all(
          Array.from({ length: 3 }, () => openS3RunLog(settings, access).open("r").claim(name)),
        );
        expect(won.filter((mine) => mine)).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  it("a reader whose answers are torn reads all", async () => {
    const { standIn, settings, access } = await standInSettings();
    const log = openS3RunLog(settings, access).open("r");
    for (let i = 1; i <= 10; i++) await log.append([event(i)]);
    let requests = 0;
    standIn.fault = () => (++requests % 3 === 0 ? "torn" : requests % 7 === 0 ? "busy" : undefined);
    expect(await openS3RunLog(settings, access).open("r").read()).toHaveLength(10);
  });

  it("a write that was done but never answered is done once", async () => {
    const { standIn, settings, access } = await standInSettings();
    let first = true;
    standIn.fault = ({ method }) => {
      if (method !== "PUT" || !first) return undefined;
      first = false;
      return "silent";
    };
    const store = openS3RunLog(settings, access);
    expect(await store.create("r")).not.toBeNull();
    expect(await store.create("r")).toBeNull();
    first = true;
    expect(await store.open("r").putIfAbsent("logs/a", "text")).toBe(true);
    first = true;
    expect(await store.open("r").claim("c")).toBe(true);
    first = true;
    await store.open("r").append([event(1)]);
    expect(await store.open("r").read()).toHaveLength(1);
  });

  it("reads only what is new, in pages", async () => {
    const { standIn, settings, access } = await standInSettings();
    const log = openS3RunLog(settings, access).open("r");
    for (let i = 1; i <= 7; i++) await log.append([event(i)]);
    await log.read();
    await log.append([event(8)]);
    standIn.requests.length = 0;
    expect(await log.read()).toHaveLength(8);
    const listings = standIn.requests.filter(({ query }) => query.has("list-type"));
    expect([listings.length, standIn.requests.length - listings.length]).toEqual([3, 1]);
  });

  it("a flush is one request, and never replaces anything", async () => {
    const { standIn, settings, access } = await standInSettings();
    const log = openS3RunLog(settings, access).open("r");
    await log.append([event(1), event(2)]);
    expect(standIn.requests.map(({ method, headers }) => [method, headers["if-none-match"]])).toEqual([["PUT", "*"]]);
    const [key = ""] = standIn.objects.keys();
    expect(key).toMatch(/^team\/a&b\/runs\/r\/events\/w1\.00000001\.[0-9a-f]{16}\.ndjson$/);
    standIn.objects.set(key, { body: Buffer.from("damaged"), modified: new Date() });
    await expect(log.append([event(1), event(2)])).rejects.toThrow("holds something else");
    expect(standIn.objects.get(key)?.body.toString()).toBe("damaged");
  });
});

describe("what is wrong with a bucket is one line", () => {
  it.each([
    [
      "credentials",
      {},
      {},
      /the bucket runs: there are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; none of/,
    ],
    [
      "key",
      {},
      { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "hidden" },
      /InvalidAccessKeyId.*check AWS_ACCESS_KEY_ID/,
    ],
    ["bucket", { bucket: "none" }, undefined, /the bucket none at 127.0.0.1:\d+: there is no such bucket; create none/],
    ["endpoint", { endpoint: "minio:9000" }, undefined, /its endpoint "minio:9000" is not an http\(s\) URL/],
    [
      "server",
      { endpoint: "http://127.0.0.1:1" },
      undefined,
      /cannot write to the bucket runs at 127.0.0.1:1: .*ECONNREFUSED/,
    ],
  ])("%s", async (_, change, environment, message) => {
    const { settings, access } = await standInSettings();
    const own = environment === undefined ? {} : { environment };
    const open = async () =>
      openS3RunLog({ ...settings, ...change }, { ...access, ...own, patience: { patienceMs: 200, firstPauseMs: 10 } });
    for (const work of [
      async () => (await open()).create("r"),
      async () => (await open()).open("r").append([event(1)]),
    ]) {
      const failing = work();
      await expect(failing).rejects.toThrow(message);
      await failing.catch((error) => {
        expect(error).toBeInstanceOf(StoreError);
        expect(error.message).not.toMatch(/\n|hidden/);
      });
    }
  });

  it("that is busy for longer than anybody waits", async () => {
    const { standIn, settings, access } = await standInSettings();
    standIn.fault = () => "busy";
    const store = openS3RunLog(settings, { ...access, patience: { patienceMs: 300, firstPauseMs: 10 } });
    await expect(store.list()).rejects.toThrow(/^cannot list the bucket runs at .*: status 503, SlowDown/);
    expect(standIn.requests.length).toBeGreaterThan(1);
  });

  it("that is silent", async () => {
    const { standIn, settings, access } = await standInSettings();
    standIn.fault = () => "silent";
    const store = openS3RunLog(settings, { ...access, patience: { patienceMs: 400, firstPauseMs: 10 } });
    await expect(store.exists("r")).rejects.toThrow("no answer within 0.3 s");
  });
});

it("takes endpoint and region from the variables of AWS", async () => {
  const { standIn, settings, access } = await standInSettings();
  const { endpoint = "", ...bare } = settings;
  const environment = {
    ...access.environment,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "eu-north-1",
    AWS_SESSION_TOKEN: "t",
  };
  await openS3RunLog(bare, { ...access, environment }).list();
  const headers = standIn.requests[0]?.headers;
  expect(headers?.authorization).toContain("/eu-north-1/s3/aws4_request");
  expect(headers?.["x-amz-security-token"]).toBe("t");
});
