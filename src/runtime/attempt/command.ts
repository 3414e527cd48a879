export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** `open`: never written and never closed, so that its end tells the command of the end of this process; absent: empty. */
  readonly stdin?: "open";
}
