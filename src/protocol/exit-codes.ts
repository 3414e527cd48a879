/** Exit codes of `magnus`, compiled scripts and `magnus-shim`. A step's own code is handed on as it is. */
export const exitCode = {
  success: 0,
  /** The run failed, or `--check` found drift. */
  failed: 1,
  /** The input is wrong; nothing was done. */
  badInput: 2,
  /** magnus-shim: bad spec or usage. */
  badSpec: 64,
  /** magnus-shim: a step's inputs could not be staged. */
  badInputs: 65,
  /** A defect of magnus. */
  defect: 70,
  /** magnus-shim: the store cannot be used, or what came before cannot be seen in it. */
  store: 74,
  interrupted: 130,
  terminated: 143,
} as const;
