/** What processes elsewhere (containers, jobs of a platform) have to be given so that they can use the services of a run. */

import type { Json } from "../protocol/json.ts";
import {
  lookupIn,
  type ServiceSettings,
  type ServicesSpec,
  substituteVariables,
  variablesOf,
} from "../protocol/services.ts";
import type { Elsewhere, ServiceKind, ServiceKinds, TextOf } from "../stores/contract/service-kind.ts";
import type { Environment } from "../system/environment.ts";
import { elsewhereOf, serviceKinds } from "./service-kinds.ts";

type Service = keyof ServiceKinds;

/** The type of a service where nothing is configured. */
export function usualType(service: Service): string {
  return serviceKinds[service][0]?.type ?? "";
}

/** Undefined: there is no such type. */
export function kindOf(service: Service, type = usualType(service)): ServiceKind | undefined {
  const kinds: readonly ServiceKind[] = serviceKinds[service];
  return kinds.find((kind) => kind.type === type);
}

/** Whether run logs are in the memory of one process, where no other sees them. */
export function isInProcess(runLogStore: { readonly type: string } | undefined): boolean {
  return kindOf("run_log_store", runLogStore?.type)?.inProcess === true;
}

/** The key that names the folder in which a store keeps its files, and the folder, variables unresolved; undefined: none. */
export function folderOf(
  service: "run_log_store" | "catalog",
  settings: ServicesSpec["catalog"],
): { readonly key: string; readonly folder: string; readonly isUsual: boolean } | undefined {
  const kind = kindOf(service, settings?.type);
  const [found] = Object.entries(kind?.keys ?? {}).filter((entry) => entry[1].kind === "folder");
  if (found === undefined) return undefined;
  const [key, { default: usual = "" }] = found;
  const written = settings?.[key];
  const folder = typeof written === "string" && written !== "" ? written : usual;
  return { key, folder, isUsual: folder === usual };
}

/** The files that the shim loads from beside itself. `given`: the names of variables that it will have. */
export function programsOf(services: ServicesSpec, given: ReadonlySet<string>): readonly string[] {
  return [...new Set(inUse(services).flatMap(({ elsewhere }) => elsewhere?.programs?.(given) ?? []))];
}

/** Whether a service is reached by the platform's word for who runs there, instead of by keys. */
export function provesIdentity(services: ServicesSpec, given: ReadonlySet<string>): boolean {
  return inUse(services).some(({ elsewhere }) => elsewhere?.provesIdentity?.(given) === true);
}

/**
 * The names of variables that the services need, once each: what a target needs a source for. Those that a service asks for
 * though its settings do not name them come first.
 */
export function variablesOfServices(services: ServicesSpec, given: ReadonlySet<string>): readonly string[] {
  const used = inUse(services);
  const needed = used.flatMap(({ settings, elsewhere }) => elsewhere?.needs?.(textOf(settings, {}), given) ?? []);
  return [...new Set([...needed, ...used.flatMap(({ settings }) => namesIn(settings))])];
}

/** What the services read by themselves of this machine's environment, and which of those values are files. */
export function variablesHere(
  services: ServicesSpec,
  host: Environment,
): { readonly values: { readonly [name: string]: string }; readonly files: readonly string[] } {
  const used = inUse(services);
  const all = used.map(({ settings, elsewhere }) => elsewhere?.variables?.(textOf(settings, host), host) ?? {});
  const values: { readonly [name: string]: string } = Object.assign({}, ...all);
  const files = used.flatMap(({ elsewhere }) => elsewhere?.fileVariables ?? []);
  return { values, files: [...new Set(files)].filter((name) => Object.hasOwn(values, name)) };
}

/** Where the servers are, as URLs; of services that have one. */
export function addressesOf(
  services: ServicesSpec,
  environment: Environment,
): readonly { readonly service: Service; readonly address: string }[] {
  return inUse(services).flatMap(({ service, settings, elsewhere }) => {
    const address = elsewhere?.address?.(textOf(settings, environment), environment);
    return address === undefined ? [] : [{ service, address }];
  });
}

interface Used {
  readonly service: Service;
  readonly settings: ServiceSettings;
  readonly elsewhere: Elsewhere | undefined;
}

const services = ["run_log_store", "catalog", "secrets", "experiment_tracker"] as const;

/** Those that are configured: what is as by default needs nothing. */
function inUse(spec: ServicesSpec): readonly Used[] {
  return services.flatMap((service): readonly Used[] => {
    const settings = spec[service];
    if (settings === undefined) return [];
    const elsewhere = Object.hasOwn(elsewhereOf, settings.type) ? elsewhereOf[settings.type] : undefined;
    return [{ service, settings, elsewhere }];
  });
}

function textOf(settings: ServiceSettings | undefined, environment: Environment): TextOf {
  return (key) => {
    const value = settings?.[key];
    return typeof value === "string" && value !== "" ? substituteVariables(value, lookupIn(environment)) : undefined;
  };
}

function namesIn(value: Json): readonly string[] {
  if (typeof value === "string")
    return variablesOf(value).flatMap(({ kind, name }) => (kind === "variable" ? name : []));
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(namesIn) : [];
}
