import { lookupIn, ServiceError, type ServicesSpec, serviceDefaults } from "../protocol/services.ts";
import type { RemoteAccess } from "../stores/contract/remote-access.ts";
import type { ServiceAccess, ServiceKinds } from "../stores/contract/service-kind.ts";
import { present } from "../system/present.ts";
import { credentialsOf } from "./credentials-of.ts";
import { readSettings, type Settings } from "./read-settings.ts";
import { serviceKinds } from "./service-kinds.ts";
import type { Services } from "./services.ts";

/**
 * Opens the services of a run; variables are replaced here, where it happens. Throws a ServiceError, one line for people,
 * where they cannot be used here. What a step may not do with a server (make tables, give up early), others ask for in
 * `access`.
 */
export function openServices(
  services: ServicesSpec,
  environment: RemoteAccess["environment"],
  cwd: string,
  access: Partial<RemoteAccess> = {},
): Services {
  const here: ServiceAccess = { environment, mayMigrate: false, ...access, cwd };
  const tracker = choose(services, "experiment_tracker", here);
  const runLogStore = choose(services, "run_log_store", here);
  const catalog = choose(services, "catalog", here);
  const secrets = choose(services, "secrets", here);
  const tracking = tracker.kind.open(tracker.settings, here);
  return {
    ...present({ tracker: tracking }),
    runLogStore: runLogStore.kind.open(runLogStore.settings, here),
    catalog: catalog.kind.open(catalog.settings, here),
    credentials: () =>
      [tracker, runLogStore, catalog, secrets].flatMap(({ kind, settings }) =>
        credentialsOf(kind, settings, environment),
      ),
    secrets: secrets.kind.open(secrets.settings, here),
    isolate: services.isolate ?? "auto",
    graceMs: services.graceMs ?? serviceDefaults.graceMs,
  };
}

interface Chosen<Kind> {
  readonly kind: Kind;
  readonly settings: Settings;
}

function choose<Service extends keyof ServiceKinds>(
  services: ServicesSpec,
  service: Service,
  { environment }: ServiceAccess,
): Chosen<ServiceKinds[Service][number]> {
  const kinds: readonly ServiceKinds[Service][number][] = serviceKinds[service];
  const settings = services[service];
  const kind = settings === undefined ? kinds[0] : kinds.find(({ type }) => type === settings.type);
  if (kind !== undefined) return { kind, settings: readSettings(service, settings, kind.keys, lookupIn(environment)) };
  const types = kinds.map(({ type }) => type).join(", ");
  throw new ServiceError(`${service}: there is no type "${settings?.type}"; use ${types}`);
}
