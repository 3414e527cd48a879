import type { NodeKind } from "../ir/pipeline.ts";
import { stepKinds } from "../protocol/kinds.ts";
import { type CommandType, commandTypes } from "../protocol/step-spec.ts";

/** What a back end can run, as data; compiling checks it once, with the place in the source. */
export interface Capabilities {
  readonly steps: readonly NodeKind[];
  readonly commands: readonly CommandType[];
  /** Of a loop; absent: as many as there may be. */
  readonly iterations?: number;
}

export const everyStep: readonly NodeKind[] = stepKinds;
/** The types of command that the runtime can run today. */
export const shimCommands: readonly CommandType[] = commandTypes;
