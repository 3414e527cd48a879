import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { serviceDefaults } from "../protocol/services.ts";
import { usualType } from "../services/services-elsewhere.ts";
import type { SourceFile } from "../source/source-file.ts";
import { applyFlags } from "./apply-flags.ts";
import { checkServices } from "./check-services.ts";
import type { Configuration } from "./configuration.ts";
import { feedTargets } from "./feed-targets.ts";
import { type Layer, overlay } from "./layer.ts";
import { readLayer } from "./read-layer.ts";
import { readRunSettings } from "./run-settings.ts";
import type { Setting } from "./setting.ts";

export interface ConfigurationSources {
  /** Later over earlier, service by service. */
  readonly files: readonly SourceFile[];
  /** `--set` flags: `executor.type=local`, `targets.argo.namespace=ml`. */
  readonly set: readonly string[];
  /** The names of all targets, which executors may have as their type. */
  readonly targetNames: readonly string[];
  readonly sink: DiagnosticSink;
}

/** Reports what is wrong to the sink; the configuration means something only where it has no errors. */
export function readConfiguration({ files, set, targetNames, sink }: ConfigurationSources): Configuration {
  const written = files.map((file) => readLayer(file, sink)).reduce(overlay, {});
  const layer = feedTargets(applyFlags(written, set, sink), targetNames);
  checkServices(layer, targetNames, sink);
  return {
    executor: layer.executor ?? byDefault("local"),
    runLogStore: layer.run_log_store ?? byDefault(usualType("run_log_store")),
    catalog: layer.catalog ?? byDefault(usualType("catalog")),
    secrets: layer.secrets ?? byDefault(usualType("secrets")),
    experimentTracker: layer.experiment_tracker ?? byDefault(usualType("experiment_tracker")),
    targets: layer.targets ?? {},
    targetNames,
    ...runSettings(layer, sink),
  };
}

function byDefault(type: string): Setting {
  return { type, config: {}, places: new Map() };
}

function runSettings(layer: Layer, sink: DiagnosticSink): Pick<Configuration, "isolate" | "graceMs"> {
  return { isolate: "auto", graceMs: serviceDefaults.graceMs, ...readRunSettings(layer, sink) };
}
