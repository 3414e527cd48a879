import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { isInProcess } from "../services/services-elsewhere.ts";
import type { Environment } from "../system/environment.ts";
import type { Configuration } from "./configuration.ts";
import { checkVariables } from "./resolve-variables.ts";
import { pointAt } from "./setting-place.ts";

/** Before a run in this process: reports an executor that runs elsewhere, and variables that are not set. */
export function checkServicesHere(configuration: Configuration, environment: Environment, sink: DiagnosticSink): void {
  const { executor, targetNames } = configuration;
  if (targetNames.includes(executor.type)) {
    sink.report("executor-is-a-target", { ...pointAt(executor.place, "value"), type: executor.type });
  }
  const { runLogStore, catalog, secrets, experimentTracker } = configuration;
  for (const setting of [runLogStore, catalog, secrets, experimentTracker]) {
    checkVariables(setting, environment, sink);
  }
}

/** Before compiling: reports a service that the many processes of a compiled pipeline could not share. */
export function checkServicesThere(configuration: Configuration, sink: DiagnosticSink): void {
  const { type, place } = configuration.runLogStore;
  if (isInProcess({ type })) sink.report("run-log-not-shared", { ...pointAt(place, "value"), type });
}
