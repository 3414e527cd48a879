/** One-based; columns count UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a manifest, in one line, and where. */
export interface Finding extends Place {
  readonly message: string;
}

/** A finding before its place is looked up. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
