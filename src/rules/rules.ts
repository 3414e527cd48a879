/**
 * Phase: rules. In: the IR. Out: diagnostics about what it means. Rules never change the IR and know nothing of each
 * other; each is one file, one line here and one test.
 */
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { Graph, Pipeline } from "../ir/pipeline.ts";
import { checkCatalogPatterns } from "./check-catalog-patterns.ts";
import { checkCommands } from "./check-commands.ts";
import { checkCycles } from "./check-cycles.ts";
import { checkEnvironment } from "./check-environment.ts";
import { checkMapParameters } from "./check-map-parameters.ts";
import { checkNames } from "./check-names.ts";
import { checkObjectImages } from "./check-object-images.ts";
import { checkParallelReturns } from "./check-parallel-returns.ts";
import { checkParameterNames } from "./check-parameter-names.ts";
import { checkReachability } from "./check-reachability.ts";
import { checkUsedParameters } from "./check-used-parameters.ts";

export interface RuleContext {
  readonly sink: DiagnosticSink;
  /** Graphs with an edge that leads nowhere, which was reported. */
  readonly uncertain: ReadonlySet<Graph>;
}

export type Rule = (pipeline: Pipeline, context: RuleContext) => void;

export const rules: readonly Rule[] = [
  checkNames,
  checkParameterNames,
  checkCommands,
  checkEnvironment,
  checkCatalogPatterns,
  checkCycles,
  checkReachability,
  checkMapParameters,
  checkUsedParameters,
  checkParallelReturns,
  checkObjectImages,
];
