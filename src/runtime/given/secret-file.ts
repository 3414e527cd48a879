import { closeSync, constants, existsSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { removeIfThere } from "../../system/atomic-file.ts";
import { scratchFolder } from "./scratch.ts";

/** A file for values that must not outlive this process, and that one other process writes or reads by its path. */
export interface SecretFile {
  readonly path: string;
  /** It has no name in any folder: it is gone with this process, however that ends. */
  readonly nameless: boolean;
  write(text: string): void;
  read(): Uint8Array;
  remove(): void;
}

/**
 * In memory where /dev/shm is, and without a name where a process of this user can open the files of this one by /proc;
 * elsewhere at `named`, for this user alone. Throws what `node:fs` throws.
 */
export function newSecretFile(named: string): SecretFile {
  const descriptor = hasOpenProc() ? openNameless() : undefined;
  if (descriptor === undefined) {
    return {
      path: named,
      nameless: false,
      write: (text) => writeFileSync(named, text, { mode: 0o600 }),
      read: () => readFileSync(named),
      remove: () => removeIfThere(named),
    };
  }
  let open = true;
  return {
    path: `/proc/${process.pid}/fd/${descriptor}`,
    nameless: true,
    write: (text) => writeFileSync(descriptor, text),
    read: () => readFileSync(descriptor),
    remove: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

let openProc: boolean | undefined;

/** Not where Node has capabilities of its own: then the kernel shows its files to root only. */
function hasOpenProc(): boolean {
  openProc ??= existsSync("/proc/self/fd") && statSync("/proc/self").uid === process.getuid?.();
  return openProc;
}

/** open(2): O_TMPFILE, of which Node has no name. */
const temporaryFile = 0o20000000 | (constants.O_DIRECTORY ?? 0);

function openNameless(): number | undefined {
  for (const folder of ["/dev/shm", scratchFolder()]) {
    try {
      return openSync(folder, temporaryFile | constants.O_RDWR, 0o600);
    } catch {
      // Not there, read-only, or a file system without them.
    }
  }
  return undefined;
}
