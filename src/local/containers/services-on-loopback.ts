import type { ServicesSpec } from "../../protocol/services.ts";
import { addressesOf } from "../../services/services-elsewhere.ts";
import type { Variables } from "../../system/environment.ts";

/**
 * Services whose server is at an address of the machine itself, such as `the run log (localhost:5432)`: in a container
 * that is the container. `environment`: what the container gets.
 */
export function servicesOnLoopback(spec: ServicesSpec, environment: Variables): readonly string[] {
  return addressesOf(spec, environment).flatMap(({ service, address }) => {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    return url !== undefined && isLoopback(url.hostname) ? [`${words[service]} (${url.host})`] : [];
  });
}

const words = {
  run_log_store: "the run log",
  catalog: "the catalog",
  secrets: "the secrets",
  experiment_tracker: "the experiment tracker",
} as const;

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){1,3}|0\.0\.0\.0|\[::1?\])$/i.test(hostname);
}
