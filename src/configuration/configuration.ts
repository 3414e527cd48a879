/**
 * Phase: configuration. In: configuration files and `--set` flags. Out: one {@link Configuration}, checked, with its
 * variables unresolved: where what it says happens decides who replaces them (`resolveVariables` when compiling,
 * `openServices` where the run happens).
 */
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import type { JsonObject } from "../protocol/json.ts";
import { serviceDefaults } from "../protocol/services.ts";
import type { SourceFile } from "../source/source-file.ts";
import { applyFlags } from "./apply-flags.ts";
import { checkServices } from "./check-services.ts";
import { feedTargets } from "./feed-targets.ts";
import type { Place, Places } from "./place.ts";
import { type Layer, overlay, readLayer } from "./read-layer.ts";
import { readRunSettings } from "./run-settings.ts";

export interface Configuration {
  readonly executor: Setting;
  readonly runLogStore: Setting;
  readonly catalog: Setting;
  readonly secrets: Setting;
  readonly experimentTracker: Setting;
  /** Options of targets by name, as written; the target checks them. An executor of that type is merged into them. */
  readonly targets: { readonly [name: string]: Setting };
  /** Whether steps get a working directory of their own; `auto`: where two could write the same file. */
  readonly isolate: "auto" | "always" | "never";
  /** Between TERM and KILL of a step that has to stop. Milliseconds. */
  readonly graceMs: number;
}

/** One service, or the options of one target. */
export interface Setting {
  /** In dashes (`file-system`); of a target: its name. */
  readonly type: string;
  /** Keys in underscores. Variables are unresolved. */
  readonly config: JsonObject;
  /** Where the type was written; undefined: the default. */
  readonly place?: Place;
  /** Where parts of `config` were written. */
  readonly places: Places;
}

export interface ConfigurationSources {
  /** Later over earlier, service by service. */
  readonly files: readonly SourceFile[];
  /** `--set` flags: `executor.type=local`, `targets.argo.namespace=ml`. */
  readonly set: readonly string[];
  readonly sink: DiagnosticSink;
}

/** Reports what is wrong to the sink; the configuration means something only where it has no errors. */
export function readConfiguration({ files, set, sink }: ConfigurationSources): Configuration {
  const written = files.map((file) => readLayer(file, sink)).reduce(overlay, {});
  const layer = feedTargets(applyFlags(written, set, sink));
  checkServices(layer, sink);
  return {
    executor: layer.executor ?? byDefault("local"),
    runLogStore: layer.run_log_store ?? byDefault("file-system"),
    catalog: layer.catalog ?? byDefault("file-system"),
    secrets: layer.secrets ?? byDefault("env-secrets"),
    experimentTracker: layer.experiment_tracker ?? byDefault("do-nothing"),
    targets: layer.targets ?? {},
    ...runSettings(layer, sink),
  };
}

function byDefault(type: string): Setting {
  return { type, config: {}, places: new Map() };
}

function runSettings(layer: Layer, sink: DiagnosticSink): Pick<Configuration, "isolate" | "graceMs"> {
  return { isolate: "auto", graceMs: serviceDefaults.graceMs, ...readRunSettings(layer, sink) };
}
