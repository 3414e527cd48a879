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
import type { Rule } from "./rule.ts";

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
