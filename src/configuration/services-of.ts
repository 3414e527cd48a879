import { printJson } from "../protocol/json.ts";
import { type ServiceSettings, type ServicesSpec, serviceDefaults } from "../protocol/services.ts";
import { usualType } from "../services/services-elsewhere.ts";
import type { ServiceKinds } from "../stores/contract/service-kind.ts";
import type { Configuration } from "./configuration.ts";
import type { Setting } from "./setting.ts";

/**
 * What a run needs of a configuration, variables unresolved, defaults left out: what compiled files carry. Keys are sorted,
 * so that what means the same is printed the same.
 */
export function servicesOf(configuration: Configuration): ServicesSpec {
  const { runLogStore, catalog, secrets, experimentTracker, isolate, graceMs } = configuration;
  return {
    ...part("catalog", catalog),
    ...part("experiment_tracker", experimentTracker),
    ...(graceMs === serviceDefaults.graceMs ? {} : { graceMs }),
    ...(isolate === "auto" ? {} : { isolate }),
    ...part("run_log_store", runLogStore),
    ...part("secrets", secrets),
  };
}

/** The same as JSON on one line with sorted keys; undefined where everything is as by default. */
export function servicesText(configuration: Configuration): string | undefined {
  const services = servicesOf(configuration);
  return Object.keys(services).length === 0 ? undefined : printJson({ ...services }, { sorted: true });
}

function part<Key extends keyof ServiceKinds>(key: Key, { type, config }: Setting): { [key in Key]?: ServiceSettings } {
  if (type === usualType(key) && Object.keys(config).length === 0) return {};
  const settings: { [key in Key]?: ServiceSettings } = {};
  const sorted = Object.entries({ ...config, type }).sort(([a], [b]) => (a < b ? -1 : 1));
  settings[key] = { ...Object.fromEntries(sorted), type };
  return settings;
}
