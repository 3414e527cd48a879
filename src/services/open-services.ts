/**
 * Opens the services of a run from the small JSON that compiled files carry (see protocol/services.ts); variables are
 * replaced here, where the run happens. The shim reads it too, so it is checked by hand.
 */
import { resolve } from "node:path";
import { isNumber, isObject, type Json, type JsonObject, printJson } from "../protocol/json.ts";
import {
  lookupIn,
  ServiceError,
  serviceDefaults,
  substituteVariables,
  type VariableLookup,
  variablesOf,
} from "../protocol/services.ts";
import type { CatalogStore } from "../stores/contract/catalog-store.ts";
import type { RunLogStore } from "../stores/contract/run-log-store.ts";
import { fileSystemCatalog } from "../stores/folder/catalog.ts";
import { durableCatalog, durableRunLogStore } from "../stores/folder/durable.ts";
import { fileSystemRunLogStore } from "../stores/folder/run-log.ts";
import { bufferedRunLogStore } from "../stores/memory/buffered-run-log.ts";
import { doNothingCatalog } from "../stores/memory/do-nothing-catalog.ts";
import type { PostgresSettings, RemoteAccess, S3Settings } from "../stores/remote/remote-settings.ts";
import {
  dotenvSecrets,
  environmentSecrets,
  fileSecrets,
  type Secrets,
  secretsFrom,
} from "../stores/secrets/secrets.ts";
import { errorCode } from "../system/error-code.ts";
import { lazyCatalog, lazyRunLogStore } from "./lazy-stores.ts";
import type { Services } from "./services.ts";
import { credentialsOf } from "./store-credentials.ts";

type Environment = { readonly [name: string]: string | undefined };

/** Where a run is: relative folders are below `cwd`. */
interface Here {
  readonly environment: Environment;
  readonly lookup: VariableLookup;
  readonly cwd: string;
  readonly access: RemoteAccess;
}

/**
 * Throws a ServiceError, one line for people, where the configuration cannot be used here. What a step may not do with a
 * server (make tables, give up early), others ask for in `access`.
 */
export function openServices(
  services: Json,
  environment: Environment,
  cwd: string,
  access: Partial<RemoteAccess> = {},
): Services {
  if (!isObject(services)) throw new ServiceError(`the services are no JSON object but ${printJson(services)}`);
  const remote: RemoteAccess = { environment, mayMigrate: false, ...access };
  const here: Here = { environment, lookup: lookupIn(environment), cwd, access: remote };
  refuseUnknown(services, "services", serviceKeys);
  const tracker = readService(services, "experiment_tracker", "do-nothing");
  const runLogStore = readService(services, "run_log_store", "file-system");
  const catalog = readService(services, "catalog", "file-system");
  return {
    ...readTracker(tracker, here),
    runLogStore: openRunLogStore(runLogStore, here),
    catalog: openCatalog(catalog, here),
    credentials: () => [
      ...credentialsOf(tracker.type, readText(tracker, "server_url", here), environment),
      ...credentialsOf(runLogStore.type, readText(runLogStore, "url", here), environment),
      ...credentialsOf(catalog.type, undefined, environment),
    ],
    secrets: openSecrets(readService(services, "secrets", "env-secrets"), here),
    isolate: readIsolate(services.isolate),
    graceMs: readGrace(services.graceMs),
  };
}

const serviceKeys = ["run_log_store", "catalog", "secrets", "experiment_tracker", "isolate", "graceMs"];

interface Service {
  /** As in the JSON, for messages. */
  readonly name: string;
  readonly type: string;
  readonly settings: JsonObject;
}

function readService(services: JsonObject, name: string, usual: string): Service {
  const settings = services[name] ?? { type: usual };
  if (!isObject(settings) || typeof settings.type !== "string") {
    throw new ServiceError(`${name} must be an object with a type; it is ${printJson(settings)}`);
  }
  return { name, type: settings.type, settings };
}

function openRunLogStore(service: Service, here: Here): RunLogStore {
  switch (service.type) {
    case "file-system": {
      checkKeys(service, ["log_folder", "durable"]);
      const folder = readPlace(service, "log_folder", serviceDefaults.runLogFolder, here);
      const root = resolve(here.cwd, folder);
      const store = { ...fileSystemRunLogStore(root), name: `file-system (${folder})` };
      return isDurable(service) ? durableRunLogStore(store, root) : store;
    }
    case "buffered":
      checkKeys(service, []);
      return bufferedRunLogStore();
    case "postgres": {
      const settings = readPostgres(service, here);
      return lazyRunLogStore(`postgres (${settings.name})`, async () =>
        (await remoteStores()).openPostgresRunLog(settings, here.access),
      );
    }
    case "s3": {
      const settings = readS3(service, here);
      return lazyRunLogStore(s3Name(settings), async () => (await remoteStores()).openS3RunLog(settings, here.access));
    }
    default:
      throw unknownType(service, ["file-system", "buffered", "postgres", "s3"]);
  }
}

function isDurable({ name, settings: { durable = false } }: Service): boolean {
  if (typeof durable === "boolean") return durable;
  throw new ServiceError(`${name}: durable must be true or false; it is ${printJson(durable)}`);
}

function openCatalog(service: Service, here: Here): CatalogStore {
  switch (service.type) {
    case "file-system": {
      checkKeys(service, ["catalog_location", "durable"]);
      const folder = readPlace(service, "catalog_location", serviceDefaults.catalogFolder, here);
      const root = resolve(here.cwd, folder);
      const catalog = { ...fileSystemCatalog(root), name: `file-system (${folder})` };
      return isDurable(service) ? durableCatalog(catalog, root) : catalog;
    }
    case "do-nothing":
      checkKeys(service, []);
      return doNothingCatalog();
    case "s3": {
      const settings = readS3(service, here);
      return lazyCatalog(s3Name(settings), async () => (await remoteStores()).openS3Catalog(settings, here.access));
    }
    default:
      throw unknownType(service, ["file-system", "do-nothing", "s3"]);
  }
}

/** Bundled apart from the shim: see lazy-stores.ts. */
function remoteStores() {
  return import("./remote-stores.ts").catch((error: unknown) => {
    if (!/MODULE_NOT_FOUND$/.test(errorCode(error) ?? "")) throw error;
    throw new ServiceError("stores.cjs, which reaches what is on a server, is missing beside the shim; copy it there");
  });
}

function readS3(service: Service, here: Here): S3Settings {
  checkKeys(service, ["bucket", "prefix", "endpoint", "region"]);
  const [endpoint, region] = [readText(service, "endpoint", here), readText(service, "region", here)];
  return {
    bucket: needText(service, "bucket", here),
    prefix: readText(service, "prefix", here) ?? "",
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
  };
}

function s3Name({ bucket, prefix }: S3Settings): string {
  return `s3 (${bucket}${prefix === "" ? "" : `/${prefix}`})`;
}

function readPostgres(service: Service, here: Here): PostgresSettings {
  checkKeys(service, ["url", "schema"]);
  const url = needText(service, "url", here);
  const schema = readText(service, "schema", here) ?? serviceDefaults.schema;
  // Never the address itself: it may hold a password.
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined || !/^postgres(ql)?:$/.test(address.protocol)) {
    throw new ServiceError(`${service.name}: url is no address of the form postgres://user@host/database`);
  }
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new ServiceError(`${service.name}: schema must be of small letters, digits and _; it is "${schema}"`);
  }
  return { url, schema, name: `${address.host}${address.pathname}` };
}

/** The environment comes first: platforms put secrets there, whatever is configured for a developer's machine. */
function openSecrets(service: Service, here: Here): Secrets {
  switch (service.type) {
    case "env-secrets": {
      checkKeys(service, ["prefix", "suffix"]);
      const prefix = readText(service, "prefix", here) ?? "";
      const suffix = readText(service, "suffix", here) ?? "";
      return environmentSecrets(here.environment, { prefix, suffix });
    }
    case "files": {
      checkKeys(service, ["location"]);
      const folder = readPlace(service, "location", serviceDefaults.secretsFolder, here);
      return secretsFrom([environmentSecrets(here.environment), fileSecrets(resolve(here.cwd, folder))]);
    }
    case "dotenv": {
      checkKeys(service, ["location"]);
      const file = readPlace(service, "location", serviceDefaults.dotenvFile, here);
      return secretsFrom([
        environmentSecrets(here.environment),
        dotenvSecrets(resolve(here.cwd, file), here.environment),
      ]);
    }
    case "do-nothing":
      checkKeys(service, []);
      return secretsFrom([]);
    default:
      throw unknownType(service, ["env-secrets", "files", "dotenv", "do-nothing"]);
  }
}

function readTracker(service: Service, here: Here): Pick<Services, "tracker"> {
  switch (service.type) {
    case "do-nothing":
      checkKeys(service, []);
      return {};
    case "mlflow": {
      checkKeys(service, ["server_url"]);
      const server = readText(service, "server_url", here);
      return { tracker: server ? { server } : {} };
    }
    default:
      throw unknownType(service, ["do-nothing", "mlflow"]);
  }
}

/** The text under a key with its variables replaced; undefined where there is none. */
function readText({ name, settings }: Service, key: string, { lookup }: Here): string | undefined {
  const text = settings[key];
  if (text === undefined || text === null) return undefined;
  if (typeof text !== "string") throw new ServiceError(`${name}: ${key} must be text; it is ${printJson(text)}`);
  for (const reference of variablesOf(text)) {
    if (reference.kind === "malformed")
      throw new ServiceError(`${name}: ${key} has ${reference.name}, which is not a variable`);
    if (lookup(reference.name) === undefined) {
      throw new ServiceError(
        `${name}: ${key} needs the variable ${reference.name}; set MAGNUS_VAR_${reference.name} or ${reference.name}`,
      );
    }
  }
  return substituteVariables(text, lookup);
}

function needText(service: Service, key: string, here: Here): string {
  const text = readText(service, key, here) ?? "";
  if (text === "") throw new ServiceError(`${service.name}: ${key} is missing or empty`);
  return text;
}

/** A folder or file; an empty one would be the working directory itself. */
function readPlace(service: Service, key: string, usual: string, here: Here): string {
  const place = readText(service, key, here) ?? usual;
  if (place === "") throw new ServiceError(`${service.name}: ${key} is empty`);
  return place;
}

function readIsolate(isolate: Json | undefined): Services["isolate"] {
  if (isolate === undefined || isolate === "auto") return "auto";
  if (isolate === "always" || isolate === "never") return isolate;
  throw new ServiceError(`isolate must be "auto", "always" or "never"; it is ${printJson(isolate)}`);
}

function readGrace(graceMs: Json | undefined): number {
  if (graceMs === undefined) return serviceDefaults.graceMs;
  const value = isNumber(graceMs) ? Number(printJson(graceMs)) : Number.NaN;
  if (!(value >= 0)) throw new ServiceError(`graceMs must be a number of milliseconds; it is ${printJson(graceMs)}`);
  return value;
}

function checkKeys({ settings, name }: Service, known: readonly string[]): void {
  refuseUnknown(settings, name, ["type", ...known]);
}

/** A key that this version does not know could change what the others mean. */
function refuseUnknown(settings: JsonObject, name: string, known: readonly string[]): void {
  for (const key of Object.keys(settings)) {
    if (!known.includes(key)) throw new ServiceError(`${name} has no key "${key}"; its keys are ${known.join(", ")}`);
  }
}

function unknownType({ name, type }: Service, known: readonly string[]): ServiceError {
  return new ServiceError(`${name}: there is no type "${type}"; use ${known.join(", ")}`);
}
