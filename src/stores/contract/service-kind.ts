/**
 * What magnus knows of a backend, as data: the keys of its settings, what of it is secret, how it is opened. All that reads a
 * configuration, opens, checks or masks goes through these descriptions (src/services/service-kinds.ts lists them), so that
 * a backend is known in its own folder and nowhere else.
 */

import type { Environment } from "../../system/environment.ts";
import type { CatalogStore } from "./catalog-store.ts";
import type { RemoteAccess } from "./remote-access.ts";
import type { RunLogStore } from "./run-log-store.ts";
import type { Secrets } from "./secrets.ts";
import type { TrackerSettings } from "./tracker-settings.ts";

/**
 * A key under `config`. Text, with variables replaced, but a `flag`. `folder`: relative to the working directory; where a
 * store keeps its files. `file`: the same for one file. `secret`: text that is masked in all that a run shows and stores; the
 * password of an address is masked in every text.
 */
export interface SettingKey {
  readonly kind: "text" | "folder" | "file" | "flag" | "secret";
  readonly required?: true;
  readonly default?: string;
}

export interface Keys {
  readonly [name: string]: SettingKey;
}

/** The values under the keys: a flag is false and a text undefined where neither settings nor default have it. */
export type SettingsOf<K extends Keys> = {
  readonly [name in keyof K]: SettingKey extends K[name]
    ? string | boolean | undefined
    : K[name] extends { readonly kind: "flag" }
      ? boolean
      : K[name] extends { readonly required: true } | { readonly default: string }
        ? string
        : string | undefined;
};

/** Who opens a service, and where. */
export interface ServiceAccess extends RemoteAccess {
  /** What relative folders are below. Absolute. */
  readonly cwd: string;
}

interface KindOf<Opened, K extends Keys> {
  /** As configured: `s3`. */
  readonly type: string;
  readonly keys?: K;
  /** Variables with which it is reached and that nobody else may read. */
  readonly secretVariables?: readonly string[];
  /** Variables with the address of a server, whose password nobody else may read. */
  readonly addressVariables?: readonly string[];
  /** What it holds is the memory of this process: no other could share it. */
  readonly inProcess?: true;
  /** Reaches for nothing before it is used. Throws a ServiceError, one line for people, where it could not be. */
  open(settings: SettingsOf<K>, access: ServiceAccess): Opened;
}

export type RunLogKind<K extends Keys = Keys> = KindOf<RunLogStore, K>;
export type CatalogKind<K extends Keys = Keys> = KindOf<CatalogStore, K>;
export type SecretsKind<K extends Keys = Keys> = KindOf<Secrets, K>;
/** Opens to undefined where metrics go nowhere but to the run log. */
export type TrackerKind<K extends Keys = Keys> = KindOf<TrackerSettings | undefined, K>;

export type ServiceKind = RunLogKind | CatalogKind | SecretsKind | TrackerKind;

/** All that a configuration may name, by its key there. The first of a service is what it is where nothing is configured. */
export interface ServiceKinds {
  readonly run_log_store: readonly RunLogKind[];
  readonly catalog: readonly CatalogKind[];
  readonly secrets: readonly SecretsKind[];
  readonly experiment_tracker: readonly TrackerKind[];
}

/** What a process elsewhere (in a container, on a platform) has to be given so that it can use a service. */
export interface Elsewhere {
  /** Files that the shim loads from beside itself. `given`: the names of variables that will be there. */
  programs?(given: ReadonlySet<string>): readonly string[];
  /** Variables without which it cannot be reached, though the settings do not name them. */
  needs?(settings: TextOf, given: ReadonlySet<string>): readonly string[];
  /** Whether it is reached by the platform's word for who runs there, instead of by keys. */
  provesIdentity?(given: ReadonlySet<string>): boolean;
  /** What of this machine's environment it reads by itself. */
  variables?(settings: TextOf, host: Environment): { readonly [name: string]: string };
  /** Those of the variables whose values are files. */
  readonly fileVariables?: readonly string[];
  /** URL of its server; undefined: none. */
  address?(settings: TextOf, environment: Environment): string | undefined;
}

/** The text under a key of the settings, variables replaced as far as they are known; undefined: none, or it is empty. */
export type TextOf = (key: string) => string | undefined;
