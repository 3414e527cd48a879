/** A flag that a target adds to a command. */
export interface TargetFlag {
  /** As it is written, with its value: `--volume <CLAIM=DIR>`. */
  readonly flags: string;
  readonly description: string;
  /** It may be given several times. */
  readonly isRepeatable?: true;
}

/** A flag of `magnus compile`, which is short for one of the target's options. */
export interface OptionFlag extends TargetFlag {
  readonly option: string;
}
