import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CatalogError } from "../../src/stores/catalog-error.ts";
import { doNothingCatalog } from "../../src/stores/do-nothing-catalog.ts";
import { fileSystemCatalog } from "../../src/stores/file-system-catalog.ts";
import { StoreError } from "../../src/stores/store-error.ts";

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "magnus-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function setUp(content: Uint8Array | string = "hello") {
  const work = newFolder();
  const root = join(newFolder(), "catalog");
  const file = join(work, "file");
  writeFileSync(file, content);
  const hex = createHash("sha256").update(content).digest("hex");
  const blob = join(root, "blobs", "sha256", hex.slice(0, 2), hex);
  return { work, root, file, blob, digest: `sha256:${hex}`, catalog: fileSystemCatalog(root) };
}

const big = Buffer.alloc(3 * 1024 * 1024 + 7, "0123456789");

describe.each([
  ["small", "hello"],
  ["big", big],
  ["empty", ""],
])("a %s file", (_, content) => {
  it("goes in and out", async () => {
    const { work, file, blob, digest, catalog } = setUp(content);
    expect(await catalog.putFile(file)).toEqual({ digest, size: content.length });
    expect(await catalog.digestFile(file)).toEqual({ digest, size: content.length });
    expect(statSync(blob).mode & 0o777).toBe(0o444);
    const target = join(work, "new", "folder", "copy");
    await catalog.getFile(digest, target, { executable: false });
    expect(readFileSync(target).equals(Buffer.from(content))).toBe(true);
    expect(readdirSync(join(work, "new", "folder"))).toEqual(["copy"]);
  });

  it("is a copy: an edit of either does not reach the store", async () => {
    const { work, file, digest, catalog } = setUp(content);
    await catalog.putFile(file);
    writeFileSync(file, "edited");
    const target = join(work, "copy");
    await catalog.getFile(digest, target, { executable: false });
    writeFileSync(target, "edited too");
    await catalog.getFile(digest, join(work, "again"), { executable: false });
    expect(readFileSync(join(work, "again")).equals(Buffer.from(content))).toBe(true);
  });

  it("that is damaged in the store is never handed out, and healed by the next put", async () => {
    const { work, file, blob, digest, catalog } = setUp(content);
    await catalog.putFile(file);
    chmodSync(blob, 0o644);
    writeFileSync(blob, "hellO!");
    const target = join(work, "copy");
    await expect(catalog.getFile(digest, target, { executable: false })).rejects.toThrow(CatalogError);
    expect(existsSync(target)).toBe(false);
    await catalog.putFile(file);
    await catalog.getFile(digest, target, { executable: false });
    expect(readFileSync(target).equals(Buffer.from(content))).toBe(true);
  });

  it("costs no copy where it is there already", async () => {
    const { work, file, blob, digest, catalog } = setUp(content);
    await catalog.putFile(file);
    const first = statSync(blob, { bigint: true });
    await catalog.putFile(file);
    expect(statSync(blob, { bigint: true }).ino).toBe(first.ino);
    const target = join(work, "copy");
    await catalog.getFile(digest, target, { executable: false });
    const copied = statSync(target, { bigint: true });
    await catalog.getFile(digest, target, { executable: true });
    const again = statSync(target, { bigint: true });
    expect([again.ino, again.mtimeNs]).toEqual([copied.ino, copied.mtimeNs]);
    expect(Number(again.mode) & 0o100).toBe(0o100);
  });
});

describe("fileSystemCatalog", () => {
  it("gives the executable bit", async () => {
    const { work, file, digest, catalog } = setUp();
    await catalog.putFile(file);
    await catalog.getFile(digest, join(work, "run"), { executable: true });
    await catalog.getFile(digest, join(work, "text"), { executable: false });
    expect(statSync(join(work, "run")).mode & 0o111).toBe(0o111);
    expect(statSync(join(work, "text")).mode & 0o111).toBe(0);
  });

  it("replaces other content, and a link instead of what it leads to", async () => {
    const { work, file, digest, catalog } = setUp();
    await catalog.putFile(file);
    writeFileSync(join(work, "old"), "old content");
    symlinkSync("old", join(work, "link"));
    await catalog.getFile(digest, join(work, "link"), { executable: false });
    expect(readFileSync(join(work, "link"), "utf8")).toBe("hello");
    expect(readFileSync(join(work, "old"), "utf8")).toBe("old content");
    await catalog.getFile(digest, join(work, "old"), { executable: false });
    expect(readFileSync(join(work, "old"), "utf8")).toBe("hello");
  });

  it("explains what it cannot give", async () => {
    const { work, file, digest, catalog } = setUp();
    await expect(catalog.getFile(digest, file, { executable: false })).rejects.toThrow(`no content ${digest}`);
    await expect(catalog.getFile("sha256:../../x", file, { executable: false })).rejects.toThrow(CatalogError);
    await catalog.putFile(file);
    mkdirSync(join(work, "folder"));
    await expect(catalog.getFile(digest, join(work, "folder"), { executable: false })).rejects.toThrow("is a folder");
  });

  it("explains what it cannot read or write", async () => {
    const { root, file, catalog } = setUp();
    await expect(catalog.putFile(join(root, "missing"))).rejects.toThrow(StoreError);
    writeFileSync(root, "a file where the folder should be");
    await expect(catalog.putFile(file)).rejects.toThrow(/^cannot write .*catalog/);
  });

  it("takes the same content from many at a time", async () => {
    const { file, blob, digest, catalog } = setUp(big);
    const all = await Promise.all(Array.from({ length: 8 }, () => catalog.putFile(file)));
    expect(new Set(all.map((one) => one.digest))).toEqual(new Set([digest]));
    expect(readFileSync(blob).equals(big)).toBe(true);
    expect(readdirSync(join(blob, ".."))).toHaveLength(1);
    expect(readdirSync(join(blob, "..", ".."))).toHaveLength(1);
  });
});

describe("doNothingCatalog", () => {
  it("tells digests and keeps nothing", async () => {
    const { file, digest } = setUp();
    const catalog = doNothingCatalog();
    expect(catalog.keeps).toBe(false);
    expect(await catalog.putFile(file)).toEqual({ digest, size: 5 });
    await expect(catalog.getFile(digest, file, { executable: false })).rejects.toThrow(CatalogError);
  });
});
