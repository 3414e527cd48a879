import { createHash, randomBytes } from "node:crypto";
import {
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
import { CatalogError } from "../../../src/stores/contract/catalog-error.ts";
import type { CatalogStore } from "../../../src/stores/contract/catalog-store.ts";
import { StoreError } from "../../../src/stores/contract/store-error.ts";

/** An empty catalog; each `open` is what another process would have. */
export interface CatalogPlace {
  open(): CatalogStore;
  /** Changes what is kept under a digest. */
  damage(digest: string, content: string): Promise<void>;
}

/** What every catalog has to do, whatever it is made of. */
export function catalogSuite(name: string, newPlace: () => CatalogPlace | Promise<CatalogPlace>): void {
  describe.each([
    ["small", "hello"],
    ["big", randomBytes(3 * 1024 * 1024 + 7)],
    ["empty", ""],
  ])(`a %s file in a ${name} catalog`, (_, content) => {
    it("goes in and out", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp(content)];
      expect(await place.open().putFile(file)).toEqual({ digest, size: content.length });
      expect(await place.open().digestFile(file)).toEqual({ digest, size: content.length });
      const target = join(work, "new", "folder", "copy");
      await place.open().getFile(digest, target, { executable: false });
      expect(readFileSync(target).equals(Buffer.from(content))).toBe(true);
      expect(readdirSync(join(work, "new", "folder"))).toEqual(["copy"]);
    });

    it("is a copy: an edit of either does not reach the store", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp(content)];
      await place.open().putFile(file);
      writeFileSync(file, "edited");
      await place.open().getFile(digest, join(work, "copy"), { executable: false });
      writeFileSync(join(work, "copy"), "edited too");
      await place.open().getFile(digest, join(work, "again"), { executable: false });
      expect(readFileSync(join(work, "again")).equals(Buffer.from(content))).toBe(true);
    });

    it("that is damaged in the store is never handed out, and healed by the next put", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp(content)];
      await place.open().putFile(file);
      // Of another size, then of its own.
      await place.damage(digest, "hellO!");
      const target = join(work, "copy");
      await expect(place.open().getFile(digest, target, { executable: false })).rejects.toThrow(CatalogError);
      expect(existsSync(target)).toBe(false);
      await place.open().putFile(file);
      await place.open().getFile(digest, target, { executable: false });
      expect(readFileSync(target).equals(Buffer.from(content))).toBe(true);
      await place.damage(digest, "!".repeat(content.length));
      await place.open().putFile(file);
      await place.open().getFile(digest, join(work, "again"), { executable: false });
      expect(readFileSync(join(work, "again")).equals(Buffer.from(content))).toBe(true);
    });

    it("costs no copy where it is there already", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp(content)];
      await place.open().putFile(file);
      const target = join(work, "copy");
      await place.open().getFile(digest, target, { executable: false });
      const copied = statSync(target, { bigint: true });
      await place.open().getFile(digest, target, { executable: true });
      const again = statSync(target, { bigint: true });
      expect([again.ino, again.mtimeNs]).toEqual([copied.ino, copied.mtimeNs]);
      expect(Number(again.mode) & 0o100).toBe(0o100);
    });
  });

  describe(`a ${name} catalog`, () => {
    it("gives the executable bit", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp("hello")];
      await place.open().putFile(file);
      await place.open().getFile(digest, join(work, "run"), { executable: true });
      await place.open().getFile(digest, join(work, "text"), { executable: false });
      expect(statSync(join(work, "run")).mode & 0o111).toBe(0o111);
      expect(statSync(join(work, "text")).mode & 0o111).toBe(0);
    });

    it("replaces other content, and a link instead of what it leads to", async () => {
      const [place, { work, file, digest }] = [await newPlace(), setUp("hello")];
      await place.open().putFile(file);
      writeFileSync(join(work, "old"), "old content");
      symlinkSync("old", join(work, "link"));
      await place.open().getFile(digest, join(work, "link"), { executable: false });
      expect(readFileSync(join(work, "link"), "utf8")).toBe("hello");
      expect(readFileSync(join(work, "old"), "utf8")).toBe("old content");
      await place.open().getFile(digest, join(work, "old"), { executable: false });
      expect(readFileSync(join(work, "old"), "utf8")).toBe("hello");
    });

    it("explains what it cannot give or read", async () => {
      const [catalog, { work, digest }] = [(await newPlace()).open(), setUp("hello")];
      const target = join(work, "target");
      await expect(catalog.getFile(digest, target, { executable: false })).rejects.toThrow(`no content ${digest}`);
      expect(existsSync(target)).toBe(false);
      await expect(catalog.getFile("sha256:../../x", target, { executable: false })).rejects.toThrow(CatalogError);
      await expect(catalog.putFile(join(work, "missing"))).rejects.toThrow(StoreError);
      await catalog.putFile(join(work, "file"));
      mkdirSync(join(work, "folder"));
      await expect(catalog.getFile(digest, join(work, "folder"), { executable: false })).rejects.toThrow("is a folder");
    });

    it("takes the same content from many at a time", async () => {
      const content = randomBytes(200_000);
      const [place, { work, file, digest }] = [await newPlace(), setUp(content)];
      const all = await Promise.all(Array.from({ length: 8 }, () => place.open().putFile(file)));
      expect(new Set(all.map((one) => one.digest))).toEqual(new Set([digest]));
      const targets = Array.from({ length: 8 }, (_, i) => join(work, `${i % 4}`));
      await Promise.all(targets.map((target) => place.open().getFile(digest, target, { executable: false })));
      for (const target of targets) expect(readFileSync(target).equals(content)).toBe(true);
    });
  });
}

export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "magnus-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function setUp(content: Uint8Array | string) {
  const work = newFolder();
  const file = join(work, "file");
  writeFileSync(file, content);
  return { work, file, digest: `sha256:${createHash("sha256").update(content).digest("hex")}` };
}
