import { printJson } from "../protocol/json.ts";
import { type ServiceSettings, type ServicesSpec, serviceDefaults } from "../protocol/services.ts";
import { usualType } from "../services/services-elsewhere.ts";
import type { ServiceKinds } from "../stores/contract/service-kind.ts";
import type { Configuration } from "./configuration.ts";
import type { Setting } from "./setting.ts";

/** What a run needs of a configuration, variables unresolved, defaults left out: what compiled files carry. */
export function servicesOf(configuration: Configuration): ServicesSpec {
  const { runLogStore, catalog, secrets, experimentTracker, isolate, graceMs } = configuration;
  return {
    ...part("run_log_store", runLogStore),
    ...part("catalog", catalog),
    ...part("secrets", secrets),
    ...part("experiment_tracker", experimentTracker),
    ...(isolate === "auto" ? {} : { isolate }),
    ...(graceMs === serviceDefaults.graceMs ? {} : { graceMs }),
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
  settings[key] = { ...config, type };
  return settings;
}
