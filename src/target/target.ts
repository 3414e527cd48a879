/**
 * Phase: targets. In: a plan. Out: files. The contract between magnus and a back end, and the only door through which
 * `targets/*` see the rest of it.
 */
import type { ZodType } from "zod";
import type { OptionFinding } from "../diagnostics/option-finding.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Places } from "../ir/places.ts";
import type { Plan } from "../plan/plan-node.ts";
import type { Capabilities } from "./capabilities.ts";

export interface OutputFile {
  /** Relative posix path. */
  readonly path: string;
  readonly content: string;
  readonly executable?: true;
}

export interface EmitContext<Options> {
  readonly options: Options;
  /** Where the plan's steps were written, for messages. */
  readonly places: Places;
  /** The pipeline's file as the user named it, for comments: relative, posix. */
  readonly source: string;
  readonly version: string;
  /** Services (run log, catalog, secrets) as compact JSON with variables unresolved; undefined: all defaults. */
  readonly services: string | undefined;
  /** A text template of this target by name, rendered strictly and without escaping. */
  readonly render: (template: string, values: object) => string;
  /** The text of a program that magnus has built, such as `action.cjs`. */
  readonly program: (name: string) => string;
}

/** A rule of the platform: reports what it cannot run. */
export type TargetRule<Options> = (plan: Plan, context: EmitContext<Options>, sink: DiagnosticSink) => void;

export interface Target<Options = unknown> {
  /** The folder's name, the value of `--target`. */
  readonly name: string;
  readonly description: string;
  /** Checks and completes `targets.<name>` of the configuration; its descriptions are the documentation. */
  readonly options: ZodType<Options>;
  /** Reports what is wrong with options of the right shape, at their places. */
  readonly checkOptions?: (options: Options, report: (finding: OptionFinding) => void) => void;
  readonly capabilities: Capabilities;
  readonly rules?: readonly TargetRule<Options>[];
  /** Pure: no file system, clock or randomness; the same plan gives the same bytes. */
  emit(plan: Plan, context: EmitContext<Options>): readonly OutputFile[];
}
