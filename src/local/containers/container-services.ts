/** What the shim in a container is told of the services, and what of this machine it needs to reach them. */
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import path from "node:path";
import type { Configuration } from "../../configuration/configuration.ts";
import { servicesOf } from "../../configuration/services-of.ts";
import type { Setting } from "../../configuration/setting.ts";
import {
  lookupIn,
  type ServiceSettings,
  type ServicesSpec,
  serviceDefaults,
  substituteVariables,
  variablesOf,
} from "../../protocol/services.ts";
import type { Environment } from "../../runtime/given/environment.ts";

type HostEnvironment = { readonly [name: string]: string | undefined };

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
  variablesFor(own: Environment): Environment;
}

/** The variables of the services have been checked. */
export function containerServices(configuration: Configuration, host: HostEnvironment): ContainerServices {
  const { runLogStore, catalog } = configuration;
  const { secrets: _, ...services } = servicesOf(configuration);
  const runLogFolder = folderOf(runLogStore, "log_folder", serviceDefaults.runLogFolder, host);
  const catalogFolder = folderOf(catalog, "catalog_location", serviceDefaults.catalogFolder, host);
  const spec: ServicesSpec = {
    ...services,
    ...(runLogFolder === undefined ? {} : { run_log_store: inFolder("log_folder", runLogFolder, runLogStore) }),
    ...(catalogFolder === undefined ? {} : { catalog: inFolder("catalog_location", catalogFolder, catalog) }),
  };
  const direct = directVariables(spec, host);
  return {
    spec,
    ...(runLogFolder === undefined ? {} : { runLogFolder }),
    folders: [runLogFolder, catalogFolder].filter((folder) => folder !== undefined),
    files: fileVariables.flatMap((name) => direct[name] ?? []).filter((file) => existsSync(file)),
    variablesFor: (own) => ({ ...without(direct, own), ...configuredVariables(spec, host, own) }),
  };
}

/** Where a store keeps its files; undefined where it is no folder. */
function folderOf({ type, config }: Setting, key: string, usual: string, host: HostEnvironment): string | undefined {
  if (type !== "file-system") return undefined;
  const named = config[key];
  const text = typeof named === "string" && named !== "" ? named : usual;
  return path.resolve(substituteVariables(text, lookupIn(host)));
}

/** A dollar would begin a variable there. */
function inFolder(key: string, folder: string, { config }: Setting): ServiceSettings {
  const durable = config.durable === true ? { durable: true } : {};
  return { type: "file-system", [key]: folder.replaceAll("$", "$$$$"), ...durable };
}

const credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/** Where keys come from that are not in variables. */
const sources = [
  ...["AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL_STS"],
  ...["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
  ...["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
];
/** Whose values are files, which are mounted under their own names. */
const fileVariables = [
  ...["AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "PGSSLROOTCERT", "PGPASSFILE"],
];
const places = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"];
const database = [
  "PGHOST",
  "PGPORT",
  "PGUSERNAME",
  "PGUSER",
  "PGPASSWORD",
  "PGDATABASE",
  "PGSSL",
  "PGSSLNEGOTIATION",
  "PGSSLMODE",
  "PGSSLROOTCERT",
  "PGPASSFILE",
];

/** What the stores and the tracker read by themselves. */
function directVariables(spec: ServicesSpec, host: HostEnvironment): Environment {
  const types = [spec.run_log_store?.type, spec.catalog?.type];
  const tracked = spec.experiment_tracker?.type === "mlflow";
  const names = [
    ...(types.includes("s3") ? [...places, ...(host.AWS_ACCESS_KEY_ID ? credentials : sources)] : []),
    ...(types.includes("postgres") ? database : []),
    // A task's own client reads them, too.
    ...(tracked ? Object.keys(host).filter((name) => name.startsWith("MLFLOW_")) : []),
  ];
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = host[name];
    if (value !== undefined && value !== "") values[name] = value;
  }
  if (types.includes("s3") && !host.AWS_ACCESS_KEY_ID) Object.assign(values, profileFiles(host));
  for (const name of fileVariables) if (values[name] !== undefined) values[name] = path.resolve(values[name]);
  if (namesNoUser(spec.run_log_store, host)) values.PGUSER = userName() ?? "";
  return values;
}

/** A container has another home; where no variable names a source of keys, they are in the usual profile. */
function profileFiles(host: HostEnvironment): Environment {
  const named = ["AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (!host.AWS_PROFILE && named.some((name) => host[name])) return {};
  const config = host.AWS_CONFIG_FILE || path.join(homedir(), ".aws/config");
  const keys = host.AWS_SHARED_CREDENTIALS_FILE || path.join(homedir(), ".aws/credentials");
  return {
    ...(existsSync(config) ? { AWS_CONFIG_FILE: config } : {}),
    ...(existsSync(keys) ? { AWS_SHARED_CREDENTIALS_FILE: keys } : {}),
  };
}

/** Then a database takes the name of who connects, which an image does not know. */
function namesNoUser(store: ServiceSettings | undefined, host: HostEnvironment): boolean {
  if (store?.type !== "postgres" || typeof store.url !== "string" || host.PGUSER || host.PGUSERNAME) return false;
  const url = substituteVariables(store.url, lookupIn(host));
  return URL.canParse(url) && new URL(url).username === "";
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/**
 * `${NAME}` in the configuration, by the name that comes first there, so that nothing else in the container changes:
 * HOME may be part of an address.
 */
function configuredVariables(spec: ServicesSpec, host: HostEnvironment, own: Environment): Environment {
  const texts = Object.values(spec).flatMap((service) => (typeof service === "object" ? Object.values(service) : []));
  const values: Record<string, string> = {};
  for (const { name } of texts.flatMap((text) => (typeof text === "string" ? variablesOf(text) : []))) {
    const value = lookupIn(own)(name) === undefined ? lookupIn(host)(name) : undefined;
    if (value !== undefined) values[`MAGNUS_VAR_${name}`] = value;
  }
  return values;
}

function without(values: Environment, own: Environment): Environment {
  return Object.fromEntries(Object.entries(values).filter(([name]) => own[name] === undefined));
}
