import type { DeclaredParameters } from "./declared-parameters.ts";
import type { Parameters, Path, PathElement } from "./path.ts";
import type { SpecValues } from "./task-fields.ts";

/** Raised when a shim could no longer read what an older compiler printed. */
export const protocolVersion = 1;

/** In the order in which messages list them. */
export const commandTypes = ["python", "shell", "notebook", "node", "container"] as const;
export type CommandType = (typeof commandTypes)[number];

/** What one leaf runs. Absent fields: what is usual. */
export interface TaskSpec extends SpecValues {
  readonly type: CommandType;
  /** container: argv; else the command's text (shell: script, python: `package.module.function`, …). */
  readonly command: string | readonly string[];
}

/** A control that a leaf or gather has to compute once it succeeded. */
export type ControlDuty =
  | { readonly kind: "map"; readonly element: PathElement; readonly keys?: false }
  | {
      readonly kind: "conditional";
      readonly element: PathElement;
      readonly parameter: string;
      readonly default?: string;
    }
  /** The loop whose body this leaf closes: its element is the one before the leaf's own on the path (a gather's: the last). */
  | { readonly kind: "loop"; readonly breakOn: string; readonly maxIterations: number };

/** What a run starts with; carried by the leaves that can be the first to write. */
export interface RunSpec {
  readonly pipeline: string;
  readonly digest: string;
  readonly parameters: Parameters;
  /** Parameters that are read as text even where the text is JSON (their default or schema is a string). */
  readonly text?: readonly string[];
  /** The types of parameters that have a schema; absent: none has. */
  readonly types?: DeclaredParameters["types"];
  /** Names that the pipeline's steps use or return, beside those. */
  readonly names?: readonly string[];
}

/**
 * Everything a shim needs to run one leaf or gather. `path` is static: selectors of maps and loops are absent and come
 * from `at`, outermost first; branches are present.
 */
export interface StepSpec {
  readonly path: Path;
  readonly gather?: "open" | "close";
  /** Absent: a stub, or a gather. */
  readonly task?: TaskSpec;
  readonly control?: ControlDuty;
  readonly run?: RunSpec;
  /** Leaves and gathers whose being lost can lead here with nothing else running: static paths. */
  readonly mayBeLost?: readonly { readonly path: Path; readonly gather?: "open" | "close" }[];
  /** The platform repeats failed attempts, not the shim. */
  readonly platformRetries?: true;
  /** The step stands in a map or a parallel (1.6: own working directory where it uses the catalog). */
  readonly concurrent?: true;
}

/** Indices of the enclosing map items and loop iterations, outermost first. */
export type At = readonly { readonly i: number; readonly k?: string }[];
