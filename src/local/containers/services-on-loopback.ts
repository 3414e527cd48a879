import { lookupIn, type ServiceSettings, type ServicesSpec, substituteVariables } from "../../protocol/services.ts";
import type { Environment } from "../../runtime/given/environment.ts";

/**
 * Services whose server is at an address of the machine itself, such as `the run log (localhost:5432)`: in a container
 * that is the container. `environment`: what the container gets.
 */
export function servicesOnLoopback(spec: ServicesSpec, environment: Environment): readonly string[] {
  const services: readonly (readonly [name: string, settings: ServiceSettings | undefined])[] = [
    ["the run log", spec.run_log_store],
    ["the catalog", spec.catalog],
    ["the experiment tracker", spec.experiment_tracker],
  ];
  return services.flatMap(([name, settings]) => {
    const address = settings === undefined ? undefined : addressOf(settings, environment);
    return address !== undefined && isLoopback(address.hostname) ? [`${name} (${address.host})`] : [];
  });
}

/** Of the server; undefined where it has none, or none that can be read. */
function addressOf(settings: ServiceSettings, environment: Environment): URL | undefined {
  const text = (key: string): string | undefined => {
    const value = settings[key];
    return typeof value === "string" && value !== "" ? substituteVariables(value, lookupIn(environment)) : undefined;
  };
  switch (settings.type) {
    case "s3":
      return urlOf(text("endpoint") ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL);
    case "postgres": {
      const url = urlOf(text("url"));
      return url?.hostname === "" ? urlOf(`postgres://${environment.PGHOST ?? "localhost"}`) : url;
    }
    case "mlflow":
      return urlOf(text("server_url") ?? environment.MLFLOW_TRACKING_URI);
    default:
      return undefined;
  }
}

function urlOf(text: string | undefined): URL | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){1,3}|0\.0\.0\.0|\[::1?\])$/i.test(hostname);
}
