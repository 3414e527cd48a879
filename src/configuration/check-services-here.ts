import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { unavailable } from "../protocol/services.ts";
import type { Configuration, Setting } from "./configuration.ts";
import { serviceWords } from "./diagnose.ts";
import { isTarget } from "./feed-targets.ts";
import { pointAt } from "./place.ts";
import { checkVariables, type Environment } from "./resolve-variables.ts";
import type { ServiceName } from "./service-names.ts";

/** Before a run in this process: reports every service that it could not open, and variables that are not set. */
export function checkServicesHere(configuration: Configuration, environment: Environment, sink: DiagnosticSink): void {
  const { executor } = configuration;
  if (isTarget(executor.type)) {
    sink.report("executor-is-a-target", { ...pointAt(executor.place, "value"), type: executor.type });
  }
  for (const [name, setting] of servicesIn(configuration)) {
    checkAvailable(name, setting, sink);
    checkVariables(setting, environment, sink);
  }
}

/** Before compiling: reports every service that the compiled file's shim could not open or use, wherever it runs. */
export function checkServicesThere(configuration: Configuration, sink: DiagnosticSink): void {
  for (const [name, setting] of servicesIn(configuration)) checkAvailable(name, setting, sink);
  const { type, place } = configuration.runLogStore;
  if (type === "buffered") sink.report("run-log-not-shared", { ...pointAt(place, "value"), type });
}

function servicesIn(configuration: Configuration): readonly (readonly [ServiceName, Setting])[] {
  const { runLogStore, catalog, secrets, experimentTracker } = configuration;
  return [
    ["run_log_store", runLogStore],
    ["catalog", catalog],
    ["secrets", secrets],
    ["experiment_tracker", experimentTracker],
  ];
}

function checkAvailable(service: ServiceName, { type, place }: Setting, sink: DiagnosticSink): void {
  const instead = unavailable(service, type);
  if (instead === undefined) return;
  sink.report("not-in-this-version", {
    ...pointAt(place, "value"),
    what: `the ${serviceWords[service]} "${type}"`,
    instead,
  });
}
