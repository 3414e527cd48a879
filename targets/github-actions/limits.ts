/** What a server allows. */
export interface Limits {
  /** Inputs of the form (`workflow_dispatch`). */
  readonly inputs: number;
  /** Calls below calls, the first workflow included. */
  readonly levels: number;
  /** Files that are called, all levels together. */
  readonly files: number;
  /** Artifacts of the actions' current versions. */
  readonly artifacts: boolean;
  /** `timezone` of a schedule. */
  readonly timezones: boolean;
}

/**
 * https://docs.github.com/actions/reference, for github.com and for GitHub Enterprise Server; that artifacts of version 4
 * and later are not on the latter, the README of actions/upload-artifact says.
 */
export const limitsOf = {
  "github.com": { inputs: 25, levels: 10, files: 50, artifacts: true, timezones: true },
  ghes: { inputs: 10, levels: 4, files: 20, artifacts: false, timezones: false },
} as const satisfies { readonly [server: string]: Limits };
