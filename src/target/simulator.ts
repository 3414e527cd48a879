import type { TargetFlag } from "./flag.ts";

/** How `magnus simulate` runs files of a target's platform, whoever wrote them. */
export interface Simulator {
  /** Whether a file is for this platform. */
  readonly recognises: (text: string) => boolean;
  /** Its own flags of the command, beside those that all have. */
  readonly flags?: readonly TargetFlag[];
  /** What is large is imported here. */
  readonly load: () => Promise<Simulate>;
}

/** Runs a file and says how it goes; gives the exit code. */
export type Simulate = (file: SimulatedFile, given: Given, host: SimulationHost) => Promise<number>;

export interface SimulatedFile {
  /** As the user named it. */
  readonly name: string;
  readonly text: string;
}

/** What the command line says. */
export interface Given {
  /** NAME=VALUE, of `--param` and `--input`. */
  readonly parameters: readonly string[];
  /** NAME=VALUE, where NAME is as the platform has it. */
  readonly secrets: readonly string[];
  /** The values of own flags, by their names without dashes; one that was not given is absent. */
  readonly flags: { readonly [name: string]: readonly string[] };
  /** At a time. */
  readonly jobs?: number;
  /** Whether the end is to be printed as JSON. */
  readonly json: boolean;
}

/** The command around it. */
export interface SimulationHost {
  /** The program that runs steps. */
  readonly shim: string;
  /** Stops at the first signal, whose name is its reason. Whoever asks has to end then. */
  readonly stop: () => AbortSignal;
  /** A line for people, on standard error. */
  readonly say: (line: string) => void;
  /** The result, on standard output. */
  readonly print: (text: string) => void;
  readonly paint: (status: "success" | "failed" | "running", text: string) => string;
  /** A file's name for people. */
  readonly shownName: (file: string) => string;
}
