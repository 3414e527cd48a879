import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { removeIfThere } from "../system/atomic-file.ts";

/** The name of what V8 made of a bundle, whose last line is its digest. V8 itself refuses what another V8 made. */
export function cacheName(source: string): string {
  const digest = source.slice(source.lastIndexOf("//") + 2).trim();
  return `shim-${digest}-${process.version}-${process.arch}.v8`;
}

/**
 * The user's folder for caches, where there is one: a container that has none is gone after its step, too soon to gain by
 * what it would write.
 */
export function ownCacheFolder(): string | undefined {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME ? path.join(HOME, ".cache") : undefined);
  if (caches === undefined || !path.isAbsolute(caches) || !existsSync(caches)) return undefined;
  return path.join(caches, "magnus");
}

/** What `install` put beside the shim, else what this user wrote before. It is code: nobody else's is taken. */
export function readCache(name: string, installed: string, own: string | undefined): Buffer | undefined {
  return readIfThere(path.join(installed, name)) ?? (own === undefined ? undefined : readIfOwn(path.join(own, name)));
}

function readIfThere(file: string): Buffer | undefined {
  // A look costs a tenth of what an exception costs.
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function readIfOwn(file: string): Buffer | undefined {
  if (!existsSync(file)) return undefined;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const { uid, mode } = fstatSync(descriptor);
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whole or not at all, also where the power fails; V8 does not look whether it is damaged. What cannot be written, is not. */
export function writeCache(folder: string, name: string, content: Buffer): void {
  const temporary = path.join(folder, `.tmp-${process.pid}-${name}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path.join(folder, name));
  } catch {
    removeIfThere(temporary);
  }
}
