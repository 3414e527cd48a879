import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RemoteAccess } from "../../../src/stores/contract/remote-access.ts";
import { s3Credentials } from "../../../src/stores/s3/credentials.ts";
import { s3Exchange } from "../../../src/stores/s3/exchange.ts";
import type { S3Settings } from "../../../src/stores/s3/s3-settings.ts";
import { type CephServer, cephServer, hasCeph } from "../../support/ceph-server.ts";
import { catalogSuite } from "../contract/catalog-suite.ts";
import { runLogSuite } from "../contract/run-log-suite.ts";
import { openS3Catalog, openS3RunLog } from "./open-s3.ts";

const title = hasCeph()
  ? "Ceph's S3 gateway"
  : "Ceph's S3 gateway (left out: it is not installed; see packages radosgw, ceph-mon, ceph-osd, ceph-common)";

describe.skipIf(!hasCeph())(title, () => {
  let server: CephServer;
  let prefixes = 0;
  const environment = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  const access: RemoteAccess = { environment, mayMigrate: false };
  const newSettings = (): S3Settings => ({ bucket: "runs", prefix: `p${++prefixes}/é & +`, endpoint: server.endpoint });
  const exchange = () =>
    s3Exchange({
      bucket: "runs",
      endpoint: new URL(server.endpoint),
      region: "us-east-1",
      credentials: s3Credentials(access, { region: "us-east-1" }),
      timeoutMs: 60_000,
    });

  beforeAll(async () => {
    server = await cephServer();
    const { status, stream } = await exchange()({ method: "PUT" });
    stream.resume();
    expect(status).toBe(200);
  });
  afterAll(() => server?.stop());

  runLogSuite("s3 (Ceph)", () => {
    const settings = newSettings();
    return { open: () => openS3RunLog(settings, access) };
  });

  catalogSuite("s3 (Ceph)", () => {
    const settings = newSettings();
    return {
      open: () => openS3Catalog(settings, access),
      damage: async (digest, content) => {
        const hex = digest.slice("sha256:".length);
        const key = `${settings.prefix}/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
        (await exchange()({ method: "PUT", key, body: Buffer.from(content) })).stream.resume();
      },
    };
  });

  it("tells a wrong secret", async () => {
    const wrong = { ...environment, AWS_SECRET_ACCESS_KEY: "wrong" };
    const store = openS3RunLog(newSettings(), { ...access, environment: wrong });
    await expect(store.create("r")).rejects.toThrow(/status 403, SignatureDoesNotMatch.*check AWS_ACCESS_KEY_ID/);
  });

  it("tells a missing bucket", async () => {
    const store = openS3RunLog({ ...newSettings(), bucket: "none" }, access);
    await expect(store.create("r")).rejects.toThrow("there is no such bucket; create none");
    await expect(store.list()).rejects.toThrow("there is no such bucket");
    await expect(store.open("r").get("logs/a")).rejects.toThrow("there is no such bucket");
  });
});
