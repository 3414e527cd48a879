/**
 * Phase: targets. In: a plan. Out: files. The contract between magnus and a back end, and the only door through which
 * `targets/*` see the rest of it; nothing outside of a target's folder knows it by name.
 */
import type { ZodType } from "zod";
import type { OptionFinding } from "../diagnostics/option-finding.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Places } from "../ir/places.ts";
import type { Plan } from "../plan/plan-node.ts";
import type { ServicesSpec } from "../protocol/services.ts";
import type { Capabilities } from "./capabilities.ts";
import type { OptionFlag } from "./flag.ts";
import type { HeaderOf } from "./header.ts";
import type { Simulator } from "./simulator.ts";

export interface OutputFile {
  /** Relative posix path. */
  readonly path: string;
  readonly content: string;
  readonly executable?: true;
}

export interface TargetContext<Options> {
  readonly options: Options;
  /** Where the plan's steps were written, for messages. */
  readonly places: Places;
  /** The line that says what a file was compiled from, for a comment at the beginning of every file of one pipeline. */
  readonly header: string;
  /** Run log, catalog, secrets and tracker, with variables unresolved and sorted keys; what is as by default is left out. */
  readonly services: ServicesSpec;
  /** A text template of this target by name, rendered strictly and without escaping. */
  readonly render: (template: string, values: object) => string;
  /** The text of a program that magnus has built, such as `action.cjs`. */
  readonly program: (name: string) => string;
}

/**
 * `Model` is what the files hold, before it is text: built once, by `lower`. Both functions are pure: no file system,
 * clock or randomness; the same plan gives the same bytes.
 */
export interface Target<Options = unknown, Model = unknown> {
  /** The folder's name, the value of `--target`, and a type that an `executor` of the configuration may have. */
  readonly name: string;
  readonly description: string;
  /** Checks and completes `targets.<name>` of the configuration; its descriptions are the documentation. */
  readonly options: ZodType<Options>;
  readonly capabilities: Capabilities;
  /** Reports what the platform cannot run or would refuse. Undefined only where something was reported. */
  lower(plan: Plan, context: TargetContext<Options>, sink: DiagnosticSink): Model | undefined;
  /** Called where nothing was reported as an error. */
  print(model: Model, context: TargetContext<Options>): readonly OutputFile[];

  // What magnus asks a target that does something else than usual.

  /** Options that are read and have no effect, each with the reason: whoever sets one is warned. */
  readonly unusedOptions?: { readonly [key: string]: string };
  /** Reports what is wrong with options of the right shape, at their places. */
  readonly checkOptions?: (options: Options, report: (finding: OptionFinding) => void) => void;
  /** What to configure, so that a step gets this secret; undefined: it does. Absent: steps get all that the shim finds. */
  secretRemedy?(name: string, options: Options): string | undefined;
  /** Its own flags of `magnus compile`. */
  readonly flags?: readonly OptionFlag[];
  /** Absent: files of its platform cannot be run by `magnus simulate`. */
  readonly simulator?: Simulator;
  /** The header of its files, where it is not the usual one. By it files are found that are no longer compiled. */
  readonly header?: HeaderOf;
  /** The paths of files that have a header. Absent: any. */
  readonly paths?: RegExp;
  /** The text of a file that is to be written where one is on disk already, of which something stays. */
  keep?(compiled: OutputFile, onDisk: string): string;
}
