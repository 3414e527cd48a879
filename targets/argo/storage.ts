import type { ServicesSpec } from "../../src/protocol/services.ts";
import { folderOf, usualType, variablesOfServices } from "../../src/services/services-elsewhere.ts";
import { present } from "../../src/system/present.ts";
import { workflowName } from "./graphs/names.ts";
import type { ArgoOptions } from "./options.ts";

/** Where run log and catalog are for the pods. */
export interface Storage {
  readonly services: ServicesSpec;
  /** Variables in the services, which the pods have to know. */
  readonly variables: readonly string[];
  readonly mounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly volumes: readonly object[];
  /** A claim that each run makes for itself. */
  readonly claims: readonly object[];
  /** Services that no pod could share with the next one. */
  readonly outOfReach: readonly { readonly service: string; readonly place: string }[];
}

/**
 * A relative folder of the configuration is one below the storage's mount, so that the configuration of a laptop serves;
 * an absolute one has to be on a volume that is mounted.
 */
export function storageOf(options: ArgoOptions, services: ServicesSpec): Storage {
  const { storage } = options;
  const mounts = [
    ...(storage === undefined ? [] : [{ name: "magnus-data", mountPath: storage.mount_path }]),
    ...options.persistent_volumes.map(({ name, mount_path }) => ({ name: volumeName(name), mountPath: mount_path })),
  ];
  const outOfReach: { service: string; place: string }[] = [];
  const placed: Placed = { ...services };
  for (const { service, beneath } of folders) {
    const kept = folderOf(service, services[service]);
    if (kept === undefined) continue;
    const { key, folder } = kept;
    const place = absolute(kept.isUsual ? beneath : folder, storage?.mount_path);
    if (place === undefined || !mounts.some(({ mountPath }) => isBelow(place, mountPath))) {
      outOfReach.push({ service, place: folder });
    } else placed[service] = { ...(services[service] ?? { type: usualType(service) }), [key]: place };
  }
  return {
    services: placed,
    variables: variablesOfServices(placed, variablesGiven(options)),
    mounts,
    volumes: [
      ...(storage?.claim === undefined
        ? []
        : [{ name: "magnus-data", persistentVolumeClaim: { claimName: storage.claim } }]),
      ...options.persistent_volumes.map(({ name }) => ({
        name: volumeName(name),
        persistentVolumeClaim: { claimName: name },
      })),
    ],
    claims: storage?.claim === undefined && storage?.size !== undefined ? [newClaim(storage)] : [],
    outOfReach,
  };
}

type Placed = { -readonly [key in keyof ServicesSpec]: ServicesSpec[key] };

/**
 * By name. A service account may have a role, which the cluster gives its pods as AWS_ROLE_ARN; where a Secret holds all that
 * has a name, keys are taken from there.
 */
function variablesGiven({
  env = {},
  secrets_from_k8s,
  secret,
  service_account_name,
}: ArgoOptions): ReadonlySet<string> {
  const mayHaveRole = secret === undefined && service_account_name !== undefined;
  return new Set([
    ...Object.keys(env),
    ...secrets_from_k8s.map(({ environment_variable }) => environment_variable),
    ...(mayHaveRole ? ["AWS_ROLE_ARN"] : []),
  ]);
}

const folders = [
  { service: "run_log_store", beneath: "runs" },
  { service: "catalog", beneath: "catalog" },
] as const;

function newClaim(storage: NonNullable<ArgoOptions["storage"]>): object {
  return {
    metadata: { name: "magnus-data" },
    spec: {
      accessModes: [storage.access_mode],
      ...present({ storageClassName: storage.storage_class }),
      resources: { requests: { storage: storage.size } },
    },
  };
}

function absolute(folder: string, mount: string | undefined): string | undefined {
  if (folder.startsWith("/")) return folder;
  return mount === undefined ? undefined : `${mount.replace(/\/$/, "")}/${folder.replace(/^\.\//, "")}`;
}

function isBelow(place: string, mount: string): boolean {
  return `${place}/`.startsWith(`${mount.replace(/\/$/, "")}/`);
}

function volumeName(claim: string): string {
  return workflowName(`claim-${claim}`, 60);
}
