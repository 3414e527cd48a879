import { readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/** Removes a directory of a step's own, links and not what they lead to. Several times faster than Node's own. */
export function removeDirectory(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name);
      if (entry.isDirectory()) removeDirectory(file);
      else unlinkSync(file);
    }
    rmdirSync(folder);
  } catch {
    removeAnyhow(folder);
  }
}

function removeAnyhow(folder: string): void {
  try {
    // Somebody still writes into it, or has closed it.
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // It stays: the step has its result, and this is no reason to take that away.
  }
}
