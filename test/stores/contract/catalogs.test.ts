import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CatalogError } from "../../../src/stores/contract/catalog-error.ts";
import { fileSystemCatalog } from "../../../src/stores/folder/catalog.ts";
import { doNothingCatalog } from "../../../src/stores/memory/do-nothing-catalog.ts";
import { openS3Catalog } from "../s3/open-s3.ts";
import { standInSettings } from "../s3/stand-in-settings.ts";
import { catalogSuite, newFolder } from "./catalog-suite.ts";

catalogSuite("file-system", () => {
  const root = join(newFolder(), "catalog");
  return {
    open: () => fileSystemCatalog(root),
    damage: async (digest, content) => {
      const file = blobOf(root, digest);
      chmodSync(file, 0o644);
      writeFileSync(file, content);
    },
  };
});

catalogSuite("s3 (stand-in)", async () => {
  const { standIn, settings, access } = await standInSettings("");
  return {
    open: () => openS3Catalog(settings, access),
    damage: async (digest, content) => {
      standIn.objects.set(blobOf("", digest).slice(1), { body: Buffer.from(content), modified: new Date() });
    },
  };
});

function blobOf(root: string, digest: string): string {
  const hex = digest.slice("sha256:".length);
  return `${root}/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
}

describe("fileSystemCatalog", () => {
  it("replaces what is damaged at its size by the next put", async () => {
    const [root, file] = [join(newFolder(), "catalog"), join(newFolder(), "file")];
    writeFileSync(file, "hello");
    const { digest } = await fileSystemCatalog(root).putFile(file);
    chmodSync(blobOf(root, digest), 0o644);
    writeFileSync(blobOf(root, digest), "hellO");
    await fileSystemCatalog(root).putFile(file);
    expect(readFileSync(blobOf(root, digest), "utf8")).toBe("hello");
  });

  it("keeps files that cannot be written, once", async () => {
    const [root, file] = [join(newFolder(), "catalog"), join(newFolder(), "file")];
    writeFileSync(file, "hello");
    const { digest } = await fileSystemCatalog(root).putFile(file);
    const first = statSync(blobOf(root, digest), { bigint: true });
    expect(Number(first.mode) & 0o777).toBe(0o444);
    await fileSystemCatalog(root).putFile(file);
    expect(statSync(blobOf(root, digest), { bigint: true }).ino).toBe(first.ino);
  });

  it("explains what it cannot write", async () => {
    const [root, file] = [join(newFolder(), "catalog"), join(newFolder(), "file")];
    writeFileSync(file, "hello");
    writeFileSync(root, "a file where the folder should be");
    await expect(fileSystemCatalog(root).putFile(file)).rejects.toThrow(/^cannot write .*catalog/);
  });
});

describe("s3Catalog", () => {
  it("sends a file once", async () => {
    const { standIn, settings, access } = await standInSettings();
    const file = join(newFolder(), "file");
    writeFileSync(file, "hello");
    for (let i = 0; i < 3; i++) await openS3Catalog(settings, access).putFile(file);
    expect(standIn.requests.map(({ method }) => method)).toEqual(["HEAD", "PUT", "HEAD", "HEAD"]);
  });

  it("gets and puts over connections that break", async () => {
    const { standIn, settings, access } = await standInSettings();
    const [folder, content] = [newFolder(), Buffer.alloc(2_000_000, "0123456789")];
    writeFileSync(join(folder, "file"), content);
    for (const fault of ["unanswered", "dropped", "torn", "busy", "conflict", "silent"] as const) {
      const queue = [fault, undefined, fault];
      standIn.fault = () => queue.shift();
      standIn.objects.clear();
      const { digest } = await openS3Catalog(settings, access).putFile(join(folder, "file"));
      standIn.fault = () => queue.shift();
      queue.push(fault);
      await openS3Catalog(settings, access).getFile(digest, join(folder, fault), { executable: false });
      expect(statSync(join(folder, fault)).size).toBe(content.length);
    }
  });
});

describe("doNothingCatalog", () => {
  it("tells digests and stores nothing", async () => {
    const file = join(newFolder(), "file");
    writeFileSync(file, "hello");
    const catalog = doNothingCatalog();
    expect(catalog.keeps).toBe(false);
    const { digest, size } = await catalog.putFile(file);
    expect(size).toBe(5);
    await expect(catalog.getFile(digest, file, { executable: false })).rejects.toThrow(CatalogError);
  });
});
