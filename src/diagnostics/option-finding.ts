/** What is wrong or odd with an option of the right shape. */
export interface OptionFinding {
  readonly code: "bad-schedule" | "odd-schedule";
  /** Of the option below `targets.<name>`. */
  readonly path: readonly (string | number)[];
  readonly problem: string;
  readonly remedy: string;
}
