/** What the shim in a container is told of the services, and what of this machine it needs to reach them. */

import { existsSync } from "node:fs";
import path from "node:path";
import type { Configuration } from "../../configuration/configuration.ts";
import { servicesOf } from "../../configuration/services-of.ts";
import type { Setting } from "../../configuration/setting.ts";
import {
  lookupIn,
  type ServiceSettings,
  type ServicesSpec,
  substituteVariables,
  variablesOf,
} from "../../protocol/services.ts";
import { folderOf, variablesHere } from "../../services/services-elsewhere.ts";
import type { Environment, Variables } from "../../system/environment.ts";
import { present } from "../../system/present.ts";

export interface ContainerServices {
  /** Folders by their full names, other variables unresolved; without secrets, which are in its environment. */
  readonly spec: ServicesSpec;
  /** The folder of all run logs; absent: they are on a server. */
  readonly runLogFolder?: string;
  /** What the stores keep on this machine; absolute. */
  readonly folders: readonly string[];
  /** Files that variables name; absolute. */
  readonly files: readonly string[];
  /** Variables by which servers are found and used, except what a container's own environment says of them. */
  variablesFor(own: Variables): Variables;
}

/** The variables of the services have been checked. */
export function containerServices(configuration: Configuration, host: Environment): ContainerServices {
  const { runLogStore, catalog } = configuration;
  const { secrets: _, ...services } = servicesOf(configuration);
  const runLog = placed("run_log_store", runLogStore, host);
  const files = placed("catalog", catalog, host);
  const spec: ServicesSpec = {
    ...services,
    ...present({ run_log_store: runLog?.settings, catalog: files?.settings }),
  };
  const direct = directVariables(spec, host);
  return {
    spec,
    ...present({ runLogFolder: runLog?.folder }),
    folders: [runLog, files].flatMap((each) => each?.folder ?? []),
    files: direct.files.flatMap((name) => direct.values[name] ?? []).filter((file) => existsSync(file)),
    variablesFor: (own) => ({ ...without(direct.values, own), ...configuredVariables(spec, host, own) }),
  };
}

/** A store whose folder has its full name there. A dollar would begin a variable. */
function placed(service: "run_log_store" | "catalog", setting: Setting, host: Environment): Placed | undefined {
  const settings = { ...setting.config, type: setting.type };
  const found = folderOf(service, settings);
  if (found === undefined) return undefined;
  const folder = path.resolve(substituteVariables(found.folder, lookupIn(host)));
  return { folder, settings: { ...settings, [found.key]: folder.replaceAll("$", "$$$$") } };
}

interface Placed {
  readonly folder: string;
  readonly settings: ServiceSettings;
}

/** What the stores and the tracker read by themselves; files by their full names. */
function directVariables(spec: ServicesSpec, host: Environment): ReturnType<typeof variablesHere> {
  const { values, files } = variablesHere(spec, host);
  const named = files.map((name) => [name, path.resolve(values[name] ?? "")]);
  return { values: { ...values, ...Object.fromEntries(named) }, files };
}

/**
 * `${NAME}` in the configuration, by the name that comes first there, so that nothing else in the container changes:
 * HOME may be part of an address.
 */
function configuredVariables(spec: ServicesSpec, host: Environment, own: Variables): Variables {
  const texts = Object.values(spec).flatMap((service) => (typeof service === "object" ? Object.values(service) : []));
  const values: Record<string, string> = {};
  for (const { name } of texts.flatMap((text) => (typeof text === "string" ? variablesOf(text) : []))) {
    const value = lookupIn(own)(name) === undefined ? lookupIn(host)(name) : undefined;
    if (value !== undefined) values[`MAGNUS_VAR_${name}`] = value;
  }
  return values;
}

function without(values: Variables, own: Variables): Variables {
  return Object.fromEntries(Object.entries(values).filter(([name]) => own[name] === undefined));
}
