import { randomUUID } from "node:crypto";

/** An object of the Kubernetes API, as far as the API itself looks into it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: { readonly [name: string]: string };
  readonly annotations?: { readonly [name: string]: string };
}

/** One change. `before` is absent for a new object, `after` for one that is gone; `version` is the change's own. */
export interface Change {
  readonly version: number;
  readonly before?: KubernetesObject;
  readonly after?: KubernetesObject;
}

/** What the API answers when it refuses; `code` is the HTTP status, `reason` the word that clients look at. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** Changes of a resource that can be watched again; a client that is further behind has to list. */
const remembered = 4000;

/**
 * The objects of one resource, such as `pods`. Every object is replaced, never changed; versions are those of the whole
 * API, so that they grow in the order of all changes. A deleted object that has finalizers stays, marked, until an update
 * removes them.
 */
export class ObjectStore {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #changes: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #nextVersion: () => number;
  #forgotten = 0;

  constructor(nextVersion: () => number) {
    this.#nextVersion = nextVersion;
  }

  list(): readonly KubernetesObject[] {
    return [...this.#objects.values()];
  }

  get(namespace: string, name: string): KubernetesObject {
    const found = this.#objects.get(keyOf(namespace, name));
    if (found === undefined) throw new Refusal(404, "NotFound", `${keyOf(namespace, name)} not found`);
    return found;
  }

  has(namespace: string, name: string): boolean {
    return this.#objects.has(keyOf(namespace, name));
  }

  create(namespace: string, object: KubernetesObject): KubernetesObject {
    const { generateName } = object.metadata;
    const name = object.metadata.name ?? `${generateName ?? ""}${randomUUID().slice(0, 5)}`;
    if (this.has(namespace, name)) throw new Refusal(409, "AlreadyExists", `${keyOf(namespace, name)} exists already`);
    const created: Metadata = {
      ...object.metadata,
      name,
      ...(namespace === "" ? {} : { namespace }),
      uid: randomUUID(),
      creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    };
    return this.#put(undefined, { ...object, metadata: created });
  }

  /** Replaces an object; one that carries another version than the current is refused as a conflict. */
  update(namespace: string, name: string, object: KubernetesObject): KubernetesObject {
    const before = this.get(namespace, name);
    const { uid, creationTimestamp, deletionTimestamp, resourceVersion } = before.metadata;
    const given = object.metadata.resourceVersion;
    if (given !== undefined && given !== "" && given !== resourceVersion) {
      throw new Refusal(
        409,
        "Conflict",
        `${keyOf(namespace, name)} has been modified; apply your changes to the latest`,
      );
    }
    const kept = {
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const after = { ...object, metadata: { ...object.metadata, ...kept } };
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    const finalizers = after.metadata.finalizers ?? [];
    if (deletionTimestamp !== undefined && finalizers.length === 0) return this.#remove(before);
    return this.#put(before, after);
  }

  delete(namespace: string, name: string): KubernetesObject {
    const before = this.get(namespace, name);
    if ((before.metadata.finalizers ?? []).length === 0) return this.#remove(before);
    if (before.metadata.deletionTimestamp !== undefined) return before;
    const deletionTimestamp = new Date().toISOString();
    return this.#put(before, { ...before, metadata: { ...before.metadata, deletionTimestamp } });
  }

  /** Calls back for every change after `version`, first those that were; returns what ends it. Throws Refusal 410. */
  watch(version: number, listener: (change: Change) => void): () => void {
    if (version < this.#forgotten) throw new Refusal(410, "Expired", `too old resource version: ${version}`);
    for (const change of this.#changes) if (change.version > version) listener(change);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(before: KubernetesObject | undefined, object: KubernetesObject): KubernetesObject {
    const version = this.#nextVersion();
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#objects.set(keyOf(after.metadata.namespace ?? "", after.metadata.name), after);
    this.#tell({ version, after, ...(before === undefined ? {} : { before }) });
    return after;
  }

  #remove(before: KubernetesObject): KubernetesObject {
    const version = this.#nextVersion();
    this.#objects.delete(keyOf(before.metadata.namespace ?? "", before.metadata.name));
    this.#tell({ version, before });
    return before;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    // In large strides: dropping one from the front costs a copy of the rest.
    if (this.#changes.length > 2 * remembered) {
      const dropped = this.#changes.splice(0, remembered);
      this.#forgotten = dropped.at(-1)?.version ?? this.#forgotten;
    }
    for (const listener of [...this.#listeners]) listener(change);
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
