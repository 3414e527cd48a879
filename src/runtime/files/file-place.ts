/** Where an attempt's files are. Absolute. */
export interface FilePlace {
  /** The working directory, to which all names are relative. */
  readonly cwd: string;
  /** Folders into which a symbolic link may lead. */
  readonly roots: readonly string[];
}
