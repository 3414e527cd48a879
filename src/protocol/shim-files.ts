import files from "./shim-files.json" with { type: "json" };

/** A file of the shim, as the build makes it in `dist`. */
export interface ShimFile {
  readonly name: string;
  /** What it is bundled from; `server-stores`: all that the stores on servers open. */
  readonly source: string;
  readonly isProgram?: boolean;
}

/**
 * The shim: what starts it, itself, and after them what it loads from beside itself when it needs it. The build, the shim's
 * image and `magnus-shim install` take the list from here.
 */
export const shimFiles: readonly ShimFile[] = files;
