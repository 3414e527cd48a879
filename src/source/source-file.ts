/** A text that a user wrote, and places in it. Offsets are UTF-16 code units; lines and columns exist only in print. */
export interface SourceFile {
  /** As shown to people: relative to the working directory where it is below it. Posix separators. */
  readonly name: string;
  readonly text: string;
}

/** `[start, end)` in a file. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}
